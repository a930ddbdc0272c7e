"""A site with a bit of everything that a post can hold, for tests of rendering and of the theme."""

from __future__ import annotations

from pathlib import Path

SITE = """\
title = "Gallery"
url = "https://example.org/"
description = "Everything once."
author = "Ada"

[math.macros]
"\\\\R" = "\\\\mathbb{R}"
"""

EVERYTHING = """\
---
title: Everything & more
date: 2021-03-04
series: The parts
tags: [a & b, words]
---

The first paragraph has *words*, `code`, a [link](https://example.org/elsewhere), a note[^one], and
the formula $\\R^2$.

[^one]: A note with a formula, $x_1$.

- [x] done
- [ ] to do, with a note[^two]

[^two]: A note in a list.

| left | centre | right |
|:-----|:------:|------:|
| a    |   b    |     1 |
| c[^three] | d | 22 |

[^three]: A note in a table.

Term
: Its definition.

## Admonitions

> [!NOTE]
> One of GitHub's.

:::{warning} Mind the *gap*
One of MyST's.
:::

::: {.callout-tip title="A tip" collapse="true"}
One of Quarto's.
:::

### Code that is shown

```rust filename="main.rs"
fn main() { println!("<hello>"); }
```

## Cells

See @fig-line, [@fig-pair-2], @tbl-frame, @eq-one, and the [second part](second.md).

$$ \\label{eq-one} \\int_0^1 x \\, dx = \\frac{1}{2} $$

$$
\\underbrace{a+b+c+d+e+f+g+h+i+j+k+l+m+n+o+p+q+r+s+t+u+v+w+x+y+z}_{\\text{wide}} = A+B+C+D+E+F+G+H
$$

```python
#| label: fig-line
#| fig-cap: A line, $y = x^2$, and *more*.
#| fig-alt: A curve that rises.
#| code-fold: true
import matplotlib.pyplot as plt

fig, ax = plt.subplots(figsize=(4, 2))
ax.plot([0, 1, 2], [0, 1, 4])
ax.set_xlabel("x")
```

```python
#| label: fig-pair
#| fig-cap: [The first., The second.]
#| fig-alt: [One bar., Two bars.]
for count in (1, 2):
    plt.figure(figsize=(2, 1))
    plt.bar(range(count), [1] * count)
```

```python
#| label: tbl-frame
#| tbl-cap: A frame.
import pandas as pd

pd.DataFrame({"name": ["a", "b"], "value": [1.5, 2.5]})
```

```python
import sys

print("\\x1b[31mred\\x1b[0m and \\x1b[1;44mbold on blue\\x1b[0m")
print("a warning", file=sys.stderr)
print("a line that is much too long for a phone, " * 4)
```

```python
total = sum(range(7))
print("\\n".join(f"line {n} of many" for n in range(1, 61)))
```

## Values such as `{python} 6 * 7`

The sum is `{python} total:.1f`, in `{python} total * 2:.2f`{.volatile} seconds;
$s = `{python} total:.1e`$.
[It is a small one, as sums go]{claim="total < 100 and total > 1"}.[^claim]

[^claim]: A note whose [statement is checked]{claim="total == 21"}.

| what | value |
|:-----|------:|
| sum  | [`{python} total` is odd]{claim="total % 2 == 1"} |

```python
#| claim: A sum of *squares* is $`{python} sum(n * n for n in (3, 4))`$, whatever the order.
for first, second in ((3, 4), (4, 3)):
    assert first**2 + second**2 == 5**2
print("after the claim")
```

```python
#| error: true
1 / 0
```
"""

SECOND = """\
---
title: The second part
date: 2021-03-05
series: The parts
tags: [words]
---

Back to [everything](everything.md), and to @fig-line.
"""

ASIDE = """\
---
kind: aside
date: 2021-03-0{day}
---

An aside with code, `{{python}} {day} * 7` and [a claim]{{claim="{day} > 5"}}.

```python
print({day})
```
"""

DRAFT = """\
---
title: Not yet
date: 2021-04-01
draft: true
---

A draft.
"""


def write_gallery(root: Path) -> None:
    """Write the site's sources to the folder `root`."""
    (root / "posts").mkdir(parents=True)
    (root / "site.toml").write_text(SITE, encoding="utf-8")
    posts = {"everything": EVERYTHING, "second": SECOND, "draft": DRAFT}
    posts |= {f"aside-{day}": ASIDE.format(day=day) for day in (6, 7)}
    for name, text in posts.items():
        (root / "posts" / f"{name}.md").write_text(text, encoding="utf-8")
