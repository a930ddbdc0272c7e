r"""The tables of TeX: what is known, what stands for something else, how lengths are measured.

In: nothing. Out: tables, and the two look-ups that need more than a table.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping

SHORTHANDS: Mapping[str, str] = {
    # amsmath, amssymb and their friends
    r"\dotsc": r"\ldots",
    r"\dotso": r"\ldots",
    r"\dotsb": r"\cdots",
    r"\dotsm": r"\cdots",
    r"\dotsi": r"\cdots",
    r"\pmb": r"\boldsymbol{#1}",
    r"\substack": r"\begin{subarray}{c}#1\end{subarray}",
    r"\mathbbm": r"\mathbb{#1}",
    r"\mathds": r"\mathbb{#1}",
    r"\cancelto": r"{\cancel{#2}}^{#1}",
    r"\allowbreak": "",
    r"\strut": r"\mathstrut",
    r"\qed": r"\square",
    # physics
    r"\abs": r"\left\lvert #1\right\rvert ",
    r"\norm": r"\left\lVert #1\right\rVert ",
    r"\dd": r"\mathrm{d}",
    # plain TeX
    r"\cr": r"\\",
    r"\cases": r"\begin{cases}#1\end{cases}",
    r"\matrix": r"\begin{matrix}#1\end{matrix}",
    r"\pmatrix": r"\begin{pmatrix}#1\end{pmatrix}",
}

SIZES: Mapping[str, str] = {
    r"\tiny": "50%",
    r"\scriptsize": "70%",
    r"\footnotesize": "80%",
    r"\small": "90%",
    r"\normalsize": "100%",
    r"\large": "120%",
    r"\Large": "144%",
    r"\LARGE": "173%",
    r"\huge": "207%",
    r"\Huge": "249%",
}

_TEXT_COMMANDS = r"""
    \text \textrm \textbf \textit \texttt \textsf \textsc \emph \textnormal \textup \textmd
    \mbox \hbox
"""
TEXTS = frozenset(_TEXT_COMMANDS.split())

# Environments that are a formula of their own; the value says how their rows are laid out.
DISPLAYS: Mapping[str, str] = {
    "equation": "",
    "align": "aligned",
    "flalign": "aligned",
    "alignat": "aligned",
    "eqnarray": "aligned",
    "gather": "gathered",
    "multline": "gathered",
}

MATRICES = ("matrix", "pmatrix", "bmatrix", "Bmatrix", "vmatrix", "Vmatrix")

TABLES = frozenset(
    [
        *("array", "subarray", "smallmatrix", "aligned", "alignedat", "split", "gathered"),
        *("cases", "dcases", "rcases", "drcases"),
        *MATRICES,
        *(f"{name}*" for name in MATRICES),
    ]
)

_LENGTH = re.compile(r"\s*([+-]?\s*(?:\d+\.?\d*|\.\d+)?)\s*(\\[A-Za-z]+|[a-z]{2})\s*")
# In em, at TeX's usual size of ten points.
_UNITS: Mapping[str, float] = {
    "em": 1.0,
    "ex": 0.431,
    "mu": 1 / 18,
    "pt": 0.1,
    "px": 0.1,
    "pc": 1.2,
    "mm": 0.28453,
    "cm": 2.8453,
    "in": 7.227,
    r"\baselineskip": 1.2,
    r"\jot": 0.3,
    r"\smallskipamount": 0.3,
    r"\medskipamount": 0.6,
    r"\bigskipamount": 1.2,
}

# For suggestions only: a command missing here is merely never suggested.
_WORDS = r"""
    \alpha \beta \gamma \delta \epsilon \varepsilon \zeta \eta \theta \vartheta \iota \kappa
    \lambda \mu \nu \xi \pi \varpi \rho \varrho \sigma \varsigma \tau \upsilon \phi \varphi \chi
    \psi \omega \Gamma \Delta \Theta \Lambda \Xi \Pi \Sigma \Upsilon \Phi \Psi \Omega
    \frac \dfrac \tfrac \cfrac \binom \dbinom \tbinom \genfrac \sqrt \sum \prod \coprod \int \iint
    \iiint \oint \bigcup \bigcap \bigoplus \bigotimes \bigvee \bigwedge \limits \nolimits
    \partial \nabla \infty \ell \hbar \Re \Im \aleph \emptyset \varnothing \forall \exists \neg
    \top \bot \angle \prime \degree \dagger \ddagger
    \arccos \arcsin \arctan \arg \cos \cosh \cot \coth \csc \deg \det \dim \exp \gcd \hom \inf
    \ker \lg \lim \liminf \limsup \ln \log \max \min \Pr \sec \sin \sinh \sup \tan \tanh \argmax
    \argmin \operatorname \mod \bmod \pmod
    \cdot \times \div \pm \mp \ast \star \circ \bullet \oplus \ominus \otimes \odot \cap \cup
    \setminus \wedge \vee \land \lor \lnot
    \le \leq \ge \geq \ne \neq \ll \gg \approx \equiv \sim \simeq \cong \propto \in \notin \ni
    \subset \subseteq \supset \supseteq \subsetneq \prec \succ \preceq \succeq \mid \nmid \parallel
    \perp \models \vdash \triangleq \doteq \coloneqq \lesssim \gtrsim
    \to \gets \mapsto \leftarrow \rightarrow \leftrightarrow \Leftarrow \Rightarrow
    \Leftrightarrow \longrightarrow \longleftarrow \longmapsto \implies \impliedby \iff
    \hookrightarrow \rightsquigarrow \uparrow \downarrow \xrightarrow \xleftarrow
    \ldots \cdots \vdots \ddots \dots \colon \quad \qquad \hspace \phantom \hphantom \vphantom
    \hat \widehat \tilde \widetilde \bar \overline \underline \vec \dot \ddot \acute \grave
    \check \breve \mathring \overbrace \underbrace \overset \underset \stackrel
    \overrightarrow \overleftarrow \boxed \cancel \bcancel \xcancel \sout
    \mathbb \mathbf \mathcal \mathfrak \mathit \mathrm \mathscr \mathsf \mathtt \boldsymbol \bm
    \left \right \middle \big \Big \bigg \Bigg \bigl \bigr \Bigl \Bigr
    \langle \rangle \lvert \rvert \lVert \rVert \vert \Vert \lfloor \rfloor \lceil \rceil
    \lbrace \rbrace \lbrack \rbrack
    \displaystyle \textstyle \scriptstyle \text \textbf \textit \textrm \texttt \textsf
    \begin \end \hline \label \tag \notag \nonumber \eqref \ref \color \textcolor \colorbox
    \newcommand \renewcommand \def \href \url \substack \smash \rule \dv \pdv \abs \norm
    \bra \ket \braket \therefore \because \square \checkmark
"""
KNOWN = frozenset(_WORDS.split())

_HINTS: Mapping[str, str] = {
    r"\ce": "chemical formulas are not supported; write it with \\mathrm and subscripts",
    r"\intertext": "end the formula, write the sentence, and begin another formula",
    r"\shortintertext": "end the formula, write the sentence, and begin another formula",
    r"\SI": "units are not supported; write 3\\,\\mathrm{m}",
    r"\qty": "units are not supported; write 3\\,\\mathrm{m}",
    r"\unit": "units are not supported; write \\mathrm{m}",
    r"\includegraphics": "use a Markdown image outside of the formula",
    r"\verb": "use \\texttt",
    r"\tr": "define it: \\DeclareMathOperator{\\tr}{tr}, or a macro of the site",
    r"\Tr": "define it: \\DeclareMathOperator{\\Tr}{Tr}, or a macro of the site",
    r"\diag": "define it: \\DeclareMathOperator{\\diag}{diag}, or a macro of the site",
    r"\softmax": "define it: \\DeclareMathOperator{\\softmax}{softmax}, or a macro of the site",
    r"\mathchoice": "write the one form that is meant",
}


def command_help(command: str, macros: Mapping[str, object]) -> str:
    """The sentence that helps with an unknown command."""
    if command in _HINTS:
        return _HINTS[command]
    names = sorted(name[1:] for name in KNOWN | macros.keys())
    close = difflib.get_close_matches(command[1:], names, n=1, cutoff=0.7)
    return f"did you mean \\{close[0]}?" if close else "define it as a macro, or write it out"


def environment_help(name: str) -> str:
    """The sentence that helps with an unknown environment."""
    known = sorted(TABLES | DISPLAYS.keys() | {f"{display}*" for display in DISPLAYS})
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    return f"did you mean {close[0]}?" if close else ""


def length_in_em(text: str) -> float | None:
    """A TeX length such as `2pt` in em; None if it is none."""
    match = _LENGTH.fullmatch(text)
    if not match or match[2] not in _UNITS:
        return None
    number = match[1].replace(" ", "")
    return float({"": "1", "+": "1", "-": "-1"}.get(number, number)) * _UNITS[match[2]]


def em(value: float) -> str:
    """A length for an attribute."""
    return f"{value:.4f}".rstrip("0").rstrip(".") + "em"
