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

```python {.noeval startFrom="98" code-line-numbers="99-101"}
def train(model, data):
    '''A text that goes
    over two lines.'''
    for batch in data:
        model.step(batch)
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
#| filename: frames.py
#| code-line-numbers: 3
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

AWKWARD = """\
---
title: A title that is much longer than titles should be, on the derivative of the softmax function
date: 2021-03-03
tags: [an-extraordinarily-long-tag-without-any-spaces, donaudampfschifffahrtsgesellschaft, words]
summary: What does not fit.
---

Text with a note[^long] in a short paragraph.

[^long]: A note that is long, for it goes on and on, beside whatever comes below its paragraph: it
    must not cover the code there, nor be covered by it.

## One

```python
#| error: true
def outer(x):
    return inner(x)


def inner(x):
    return 1 / x


outer(0)
```

## Two

```bash
pip install a-package --with-an-option=that-is-too-long --and-another-one=for-good-measure --more
```

| every | column | of | this | table | is-so-wide-that | it-cannot-fit | on-a-phone |
|-------|--------|----|------|-------|-----------------|---------------|------------|
| 1     | 2      | 3  | 4    | 5     | 6               | 7             | 8          |

## Three

<details><summary>The author's own</summary>

Inside.

</details>

- $a_1 + a_2 + a_3 + a_4 + a_5 + a_6 + a_7 + a_8 + a_9 + a_{10} + a_{11} + a_{12} + a_{13} = b$
"""

SECOND = """\
---
title: The second part
date: 2021-03-05
series: The parts
tags: [words]
bibliography: works.bib
---

Back to [everything](everything.md), and to @fig-line. It was @lecun2015 [p. 436], and others before
[see @marcus2018; @lecun2015].
"""

WORKS = r"""
@article{lecun2015, author = {LeCun, Yann and Bengio, Yoshua and Hinton, Geoffrey}, year = 2015,
  title = {Deep learning: $O(n^2)$}, journal = {Nature}, doi = {10.1038/nature14539}}
@misc{marcus2018, author = {Marcus, Gary}, title = {Deep Learning: A Critical Appraisal},
  year = 2018, url = {https://example.org/a/very/long/address/that/has/no/place/to/break/at/all.html}}
"""

ASIDE = """\
---
kind: aside
date: 2021-03-0{day}
bibliography: works.bib
---

An aside with code, `{{python}} {day} * 7` and [a claim]{{claim="{day} > 5"}},
as in [@marcus2018].

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
    posts = {"everything": EVERYTHING, "second": SECOND, "awkward": AWKWARD, "draft": DRAFT}
    posts |= {f"aside-{day}": ASIDE.format(day=day) for day in (6, 7)}
    for name, text in posts.items():
        (root / "posts" / f"{name}.md").write_text(text, encoding="utf-8")
    (root / "posts/works.bib").write_text(WORKS, encoding="utf-8")
