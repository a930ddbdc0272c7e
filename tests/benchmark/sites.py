"""Sites to measure with: made by rule, the same each time.

In: a folder and a size. Out: a site there.
"""

from __future__ import annotations

import random
from pathlib import Path

WORDS = (
    "the a of to and in is it that for on with as are this by be from or an at we can has not "
    "network weight gradient layer input output function value matrix vector sum error loss "
    "learning rate step epoch batch sample seed random number proof claim figure table model "
    "training derivative softmax sigmoid exponential logarithm probability distribution"
).split()
FORMULAS = (
    r"$\sigma(z_i) = e^{z_i} / \sum_{j=1}^{K} e^{z_j}$",
    r"$\nabla_\theta L(\theta)$",
    r"$x \in \mathbb{R}^n$",
    r"$\frac{\partial S_i}{\partial x_j}$",
    r"$\lVert w \rVert_2^2 \le 1$",
)
DISPLAYS = (
    "$$\n\\frac{\\partial S_i}{\\partial x_j} = S_i(\\delta_{ij} - S_j)\n$$",
    "$$\n\\begin{aligned}\na &= b + c \\\\\n  &= \\sum_{i=1}^{n} x_i^{%d}\n\\end{aligned}\n$$",
)
TRIVIAL = ("x = 1", "y = 2", "print(x + y)", "x", "y")
FIGURE = (
    "import numpy as np",
    "import matplotlib.pyplot as plt",
    "x = np.linspace(0, 1, 50)",
    "plt.plot(x, x**2)\nplt.title('A square')",
    "print(x.sum())",
)

NUMPY = (
    "import numpy as np\nimport matplotlib.pyplot as plt",
    "x = np.linspace(0, 1, 50)",
    "y = np.sin(6 * x)",
    "plt.plot(x, y)",
    "print(y.mean())",
)
TRAINING = (
    "import keras\nimport numpy as np",
    "x = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], dtype='float32')\n"
    "y = np.array([[0], [1], [1], [0]], dtype='float32')",
    "model = keras.Sequential([keras.layers.Dense(4, activation='tanh'),"
    " keras.layers.Dense(1, activation='sigmoid')])\n"
    "model.compile('adam', 'binary_crossentropy')",
    "history = model.fit(x, y, epochs=3500, batch_size=4, verbose=0)",
    "print(history.history['loss'][-1])",
)
FIGURES = (
    "import numpy as np\nimport matplotlib.pyplot as plt",
    "x = np.linspace(-3, 3, 200)",
    "plt.plot(x, np.exp(x) / (1 + np.exp(x)))",
    "plt.plot(x, np.maximum(x, 0))\nplt.plot(x, np.tanh(x))",
)


def prose_site(folder: Path, posts: int) -> Path:
    """A site of prose: 600 words, 2 code blocks, a table, 7 formulas and 4 tags a post."""
    draw = random.Random(0)
    _settings(folder)
    for number in range(posts):
        _post(folder, number, _prose(draw, number), tags=draw.sample(range(40), 4))
    return folder


def executing_site(folder: Path, posts: int, cells: tuple[str, ...]) -> Path:
    """A site of posts with these cells and a line of prose between them."""
    _settings(folder)
    for number in range(posts):
        _post(folder, number, _fences(cells), tags=[])
    return folder


def training_site(folder: Path) -> Path:
    """Two posts that train for seconds, one with 25 formulas and 2 figures, seven essays."""
    draw = random.Random(0)
    _settings(folder, '[execution.environment]\nKERAS_BACKEND = "jax"\n')
    formulas = "\n\n".join(FORMULAS[n % len(FORMULAS)] for n in range(25))
    bodies = [_fences(TRAINING), _fences(TRAINING), f"{formulas}\n\n{_fences(FIGURES)}"]
    bodies += [_prose(draw, number) for number in range(7)]
    for number, body in enumerate(bodies):
        _post(folder, number, body, tags=[])
    return folder


def _fences(cells: tuple[str, ...]) -> str:
    return "\n\n".join(f"Cell.\n\n```python\n{cell}\n```" for cell in cells)


def _settings(folder: Path, more: str = "") -> None:
    (folder / "posts").mkdir(parents=True)
    text = f'title = "Benchmark"\nurl = "https://example.org/"\n{more}'
    (folder / "site.toml").write_text(text, encoding="utf-8")


def _post(folder: Path, number: int, body: str, *, tags: list[int]) -> None:
    names = ", ".join(f"tag {tag}" for tag in tags)
    date = f"20{10 + number % 15:02}-{1 + number % 12:02}-{1 + number % 28:02}"
    front = f"---\ntitle: Post number {number}\ndate: {date}\ntags: [{names}]\n---\n\n"
    (folder / "posts" / f"post-{number:05}.md").write_text(front + body, encoding="utf-8")


def _prose(draw: random.Random, number: int) -> str:
    def words(count: int) -> str:
        return " ".join(draw.choices(WORDS, k=count)).capitalize() + "."

    def code(language: str) -> str:
        lines = [f"def f{number}_{n}(x, y={n}):\n    return x * {draw.random():.3f} + y  # {n}"
                 for n in range(6)]  # fmt: skip
        body = "\n".join(lines)
        if language == "bash":
            body = "\n".join(f"echo {number} | grep -v '{n}' && ls -la /tmp/{n}" for n in range(10))
        mark = " .noeval" if language == "python" else ""
        return f"```{language}{mark}\n{body}\n```"

    rows = [f"| {n} | {draw.random():.4f} | {draw.choice(WORDS)} |" for n in range(6)]
    table = "\n".join(["| n | value | word |", "|---|---:|---|", *rows])
    formulas = iter(FORMULAS)
    parts = [words(60) + " " + next(formulas)]
    parts += ["## " + words(4).rstrip("."), words(90) + " " + next(formulas) + " " + words(30)]
    parts += [DISPLAYS[0], words(80), code("python"), words(60) + " " + next(formulas)]
    parts += ["## " + words(5).rstrip("."), table, words(100) + " " + next(formulas)]
    parts += [DISPLAYS[1] % (number % 9), words(70), code("bash")]
    parts += ["## " + words(3).rstrip("."), words(90) + " " + next(formulas)]
    return "\n\n".join(parts) + "\n"
