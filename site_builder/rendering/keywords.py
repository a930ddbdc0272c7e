"""The words that a post uses most: what it is about, as far as counting tells.

In: the title and the tokens of a post, and its language. Out: its keywords, most used first; how
many words a text has. Promise: a few dozen at most, so that posts can be compared by them without
being read again.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from markdown_it.token import Token

from site_builder.rendering.search_terms import SPACELESS

MOST = 32
_FEWEST_USES = 2
_IN_TITLE, _IN_HEADING = 3, 2  # how many uses one there counts for
_SHORTEST = 3
_APART = "".join(x if x.isalpha() else " " for x in map(chr, range(128)))
_WORD = re.compile(rf"[^\W\d_{SPACELESS}]{{3,}}")
_RUN = re.compile(f"[{SPACELESS}]{{2,}}")
# Scripts without spaces: Chinese and Japanese, then Thai, Lao, Burmese and Khmer.
_SHORT = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\U00020000-\U0003ffff]")
_LONG = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]")
_CHARACTERS_OF_SHORT, _CHARACTERS_OF_LONG = 2, 4  # how many make a word, about


def keywords(title: str, tokens: Sequence[Token], language: str) -> tuple[str, ...]:
    """The words that are used at least twice, in small letters, without those of grammar."""
    common = _COMMON.get(language.partition("-")[0].lower(), frozenset())
    english = language.lower().startswith("en")
    prose: list[str] = []
    for index, token in enumerate(tokens):
        if token.type == "inline":
            heading = index and tokens[index - 1].type == "heading_open"
            prose += [_text(token)] * (_IN_HEADING if heading else 1)
    uses = _words(" ".join([*[title] * _IN_TITLE, *prose]))
    counted: Counter[str] = Counter()
    for word, count in uses.items():
        if word not in common:
            counted[_singular(word) if english else word] += count
    often = [word for word, count in counted.items() if count >= _FEWEST_USES]
    return tuple(sorted(often, key=lambda word: (-counted[word], word))[:MOST])


def word_count(text: str) -> int:
    """How many words a text has, about: in scripts without spaces some characters make one."""
    if text.isascii():
        return len(text.split())
    text, short = _SHORT.subn(" ", text)
    text, long = _LONG.subn(" ", text)
    return len(text.split()) + -(-short // _CHARACTERS_OF_SHORT) + -(-long // _CHARACTERS_OF_LONG)


def _text(token: Token) -> str:
    """What is words in inline tokens: neither formulas nor addresses are."""
    children = token.children or ()
    return "".join([x.content if x.type in ("text", "code_inline") else " " for x in children])


def _words(text: str) -> Counter[str]:
    """Words in small letters; of scripts without spaces all pairs of characters."""
    text = text.lower()
    if text.isascii():  # of these words there are thousands, and few different ones
        uses = Counter(text.translate(_APART).split())
        return Counter({word: uses[word] for word in uses if len(word) >= _SHORTEST})
    uses = Counter(_WORD.findall(text))
    for run in _RUN.findall(text):
        uses.update(run[n : n + 2] for n in range(len(run) - 1))
    return uses


def _singular(word: str) -> str:
    return word[:-1] if len(word) > 4 and word[-1] == "s" and word[-2] not in "su" else word


def _table(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Language -> words that any text may use often. Shorter ones are no keywords anyway.
_COMMON = {
    "en": _table(
        """
        about after again all also always among and another any are back because been before being
        between both but can cannot come could did does doing done down each either else enough
        even ever every few first five for four from get give given gives goes going had has have
        having her here him his how however into its itself just keep kept know last least less
        let like made make makes making many may more most much must near nearly never next none
        nor not nothing now off often once one only onto other others our out over own perhaps
        put quite rather really same see seem seems seen set several shall she should show shown
        shows since some something still such take taken takes than that the their them then
        there these they thing things this those though three through too two under until upon
        use used uses using very want was way ways well went were what whatever when where whether
        which while who whole whose why will with within without would yet you your
        """
    ),
    "de": _table(
        """
        aber alle allem allen aller alles als also andere anderen anderer anderes auch auf aus bei
        beim bereits bis bisher bleibt braucht dabei dadurch dafür daher damit danach daran darauf
        daraus darin das dass davon dazu dem den denen denn der deren des deshalb dessen die dies
        diese diesem diesen dieser dieses doch dort drei durch ein eine einem einen einer eines
        einfach einige einmal erst etwa etwas für ganz gegen geht gibt hat hatte hatten haben hier
        hin hinter ich ihm ihn ihnen ihr ihre ihrem ihren ihrer immer ins ist jede jedem jeden
        jeder jedes jetzt kann kein keine keinen können könnte macht man mehr mein mit muss müssen
        nach neben nicht nichts nie noch nun nur ob oder ohne schon sehr sein seine seinem seinen
        seiner seit sich sie sind sogar soll sollte sondern sonst über um und uns unser unter viel
        viele vier vom von vor wann war waren warum was weil weiter welche welcher wenig weniger
        wenn wer werden wie wieder wir wird wurde wurden während zum zur zwar zwei zwischen
        """
    ),
    "fr": _table(
        """
        afin ainsi alors après assez aucun aucune aussi autre autres aux avait avant avec avoir
        beaucoup bien car ceci cela celle celles celui cependant ces cet cette ceux chaque chez
        chose comme comment dans depuis des deux donc dont elle elles encore entre est étaient
        était être eux fait faire faut fois font grand ici ils jamais jusque les leur leurs lors
        lorsque lui mais même mêmes mes moins mon nos notre nous ont par parce pas peu peut
        peuvent plus plusieurs plutôt point pour pourquoi pourrait pouvoir puis puisque quand que
        quel quelle quelles quelque quelques quels qui quoi quoique sans selon ses seul seule
        seulement soit son sont sous souvent sur tant tel telle tels ton toujours tous tout toute
        toutes très trois trop une vers voici voilà voir vos votre vous
        """
    ),
    "es": _table(
        """
        acá además ahora algo algún alguna algunas alguno algunos ambos ante antes aquel aquella
        aquí así aún aunque bajo bien cada casi como cómo con contra cosa cual cuál cuales cuando
        cuándo cuanto cuatro cuya cuyo debe deben del demás desde después donde dónde dos durante
        ella ellas ello ellos embargo entonces entre era eran eres esa esas ese eso esos esta está
        estaba están estar estas este esto estos fue fueron gran hace hacer hacia han hasta hay
        las les los luego más menos mientras mis misma mismo mismos mucha muchas mucho muchos muy
        nada nadie ninguna ninguno nos nosotros nuestra nuestro nunca otra otras otro otros para
        pero poca poco pocos por porque puede pueden pues que qué quien quién sea según ser será
        siempre sido sin sino sobre solo sólo somos son sus también tan tanto tener tiene tienen
        toda todas todavía todo todos tras tres una unas uno unos usted veces ver vez
        """
    ),
}
