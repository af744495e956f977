#include "pages/page_style.h"

#include <stddef.h>

/* By day, by night and on paper. */
const char *const page_style[] = {
    ":root{color-scheme:light dark;--ground:#fff;--ink:#1a1f24;--soft:#59636e;"
    "--line:#d5dbe1;--panel:#f4f6f8;--accent:#0072b2;--mistake:213 94 0;"
    "--right:0 114 178;--glow:1}\n"
    "@media screen and (prefers-color-scheme:dark){:root{--ground:#14171a;"
    "--ink:#e3e7ea;--soft:#9da7b1;--line:#32383f;--panel:#1d2227;"
    "--accent:#58b0e3;--mistake:240 120 40;--right:60 150 210;--glow:1.35}}\n",

    /* Texts. */
    "*{box-sizing:border-box}\n"
    "body{margin:0 auto;max-width:70rem;padding:clamp(1.25rem,4vw,3rem) "
    "clamp(1rem,4vw,2.5rem) 4rem;background:var(--ground);color:var(--ink);"
    "font:1rem/1.55 system-ui,-apple-system,\"Segoe UI\",Roboto,\"Noto Sans\","
    "\"Liberation Sans\",sans-serif;overflow-wrap:break-word}\n"
    "header{border-bottom:1px solid var(--line);padding-bottom:1rem}\n"
    "h1,h2{line-height:1.2;text-wrap:balance}\n"
    "h1{margin:0;font-size:clamp(1.6rem,1.2rem + 2vw,2.3rem);"
    "letter-spacing:-.015em}\n"
    "h2{margin:3rem 0 1rem;font-size:1.35rem;letter-spacing:-.01em}\n"
    "header p{margin:.4rem 0 0;color:var(--soft);font-size:1.05rem}\n"
    "p,figcaption{max-width:66ch}\n"
    "figure{margin:1.5rem 0 2rem}\n"
    "figcaption{margin-top:.5rem;color:var(--soft);font-size:.9rem}\n"
    ".name{margin:0 0 .5rem;font-weight:600}\n"
    ".missing{margin:0;padding:1rem;border:1px dashed var(--line);"
    "color:var(--soft)}\n",

    /* Lists. */
    "dl,dd{margin:0}\n"
    ".figures{display:flex;flex-wrap:wrap;gap:.75rem;margin:1.5rem 0}\n"
    ".figures div{display:flex;flex:1 0 auto;flex-direction:column-reverse;"
    "justify-content:flex-end;min-width:8rem;max-width:100%;"
    "padding:.8rem .9rem;border-radius:.5rem;background:var(--panel)}\n"
    ".figures dd{font-size:clamp(1.3rem,1.05rem + "
    "1.4vw,1.7rem);font-weight:600;line-height:1.2;"
    "letter-spacing:-.02em;font-variant-numeric:tabular-nums}\n"
    "dt{color:var(--soft)}\n"
    ".figures dt{font-size:.875rem}\n"
    ".facts{display:grid;column-gap:3rem;margin:1rem 0 1.5rem;"
    "grid-template-columns:repeat(auto-fill,minmax(min(22rem,100%),1fr))}\n"
    ".facts div{display:flex;gap:1.5rem;justify-content:space-between;"
    "padding:.35rem 0;border-bottom:1px solid var(--line)}\n"
    ".facts dt{flex:none;max-width:50%}\n"
    ".facts dd{text-align:right;overflow-wrap:anywhere;min-width:0;"
    "font-variant-numeric:tabular-nums}\n",

    /* Tables. */
    ".scroll{overflow-x:auto;margin:1rem 0 1.5rem}\n"
    "table{border-collapse:collapse;font-size:.925rem;"
    "font-variant-numeric:tabular-nums}\n"
    "th,td{padding:.35rem .9rem;border-bottom:1px solid var(--line);"
    "text-align:left;white-space:nowrap}\n"
    "th:first-child,td:first-child{padding-left:0}\n"
    "thead th{color:var(--soft);font-weight:600}\n"
    "th.n,td.n{text-align:right}\n"
    "pre{margin:1rem 0 1.5rem;padding:1rem;max-height:32rem;overflow:auto;"
    "border-radius:.5rem;background:var(--panel);font:.85rem/1.5 "
    "ui-monospace,Menlo,Consolas,\"Liberation Mono\",monospace;tab-size:8}\n"
    ".confusion th,.confusion td{padding:.3rem .5rem;min-width:3.4rem;"
    "border:2px solid var(--ground);text-align:right}\n"
    ".confusion thead th{text-align:right}\n"
    ".confusion thead th[colspan]{text-align:left}\n"
    ".confusion th:first-child{position:sticky;left:0;padding-right:.75rem;"
    "background:var(--ground)}\n"
    "@media(max-width:40rem){.confusion th,.confusion td{min-width:2.5rem;"
    "padding:.25rem .35rem}}\n"
    ".confusion td{background:rgb(var(--mistake)/var(--heat,0))}\n"
    ".confusion .zero{color:var(--soft);background:var(--panel)}\n"
    ".confusion .right{background:rgb(var(--right)/.22);font-weight:600}\n"
    ".confusion .share{background:none;color:var(--soft)}\n",

    /* Pictures. */
    ".panels{display:grid;gap:1.5rem 2rem;grid-template-columns:"
    "repeat(auto-fill,minmax(min(25rem,100%),1fr))}\n"
    ".panels .name{margin:0}\n"
    ".axis{margin:0 0 .25rem;color:var(--soft);font-size:.85rem}\n"
    ".panel img{display:block;width:100%;height:auto;"
    "filter:brightness(var(--glow))}\n"
    ".key{display:flex;flex-wrap:wrap;gap:.1rem 1.25rem;margin:.25rem 0 0;"
    "padding:0;list-style:none;font-size:.85rem}\n"
    ".key i{display:inline-block;width:1.6rem;margin-right:.5rem;"
    "vertical-align:middle;filter:brightness(var(--glow))}\n"
    ".tiles{display:grid;gap:.75rem .6rem;"
    "grid-template-columns:repeat(auto-fill,var(--column))}\n"
    ".tiles figure{margin:0}\n"
    ".tiles img{display:block;image-rendering:pixelated;"
    "outline:1px solid var(--line)}\n"
    ".tiles figcaption{margin:.25rem 0 0;font-size:.75rem;line-height:1.3;"
    "font-variant-numeric:tabular-nums}\n",

    /* On paper. */
    "@page{margin:15mm}\n"
    "@media print{body{padding:0;max-width:none;font-size:10pt}"
    "h2{margin-top:1.5rem}h2,.name{break-after:avoid}"
    "tr,.panel,.tiles figure,.figures{break-inside:avoid}"
    ".panels{grid-template-columns:1fr "
    "1fr}pre{max-height:none;white-space:pre-wrap}"
    ".scroll{overflow:visible}"
    "td,.figures div,pre{print-color-adjust:exact;"
    "-webkit-print-color-adjust:exact}}\n",
    NULL};

/* The colours are --soft of the page. */
const char panel_style[] =
    "text{font-family:system-ui,-apple-system,\"Segoe UI\",Roboto,"
    "\"Noto Sans\",\"Liberation Sans\",sans-serif;fill:#59636e}"
    "@media screen and (prefers-color-scheme:dark){text{fill:#9da7b1}}";
