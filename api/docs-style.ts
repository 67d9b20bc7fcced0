/** Of the docs page. It loads nothing: no font, no image, no script of others. */
export const DOCS_STYLE = `
:root { color-scheme: light dark; --ink: light-dark(#1c2330, #e3e8f0); --soft: light-dark(#5d6879, #98a3b5);
  --line: light-dark(#dde2ea, #2c3442); --paper: light-dark(#fbfcfe, #12161d); --card: light-dark(#fff, #191f29);
  --link: light-dark(#1257c2, #7fb2ff); --code: light-dark(#eef1f6, #222a36); }
* { box-sizing: border-box }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.55 system-ui, sans-serif }
main { max-width: 62rem; margin: 0 auto; padding: 2rem 1.25rem 5rem }
h1 { margin: 0; font-size: 2rem } h1 small { color: var(--soft); font-size: 1rem; font-weight: 400 }
h2 { margin: 2.5rem 0 .25rem; font-size: 1.3rem } h4 { margin: 1.1rem 0 .3rem; font-size: .9rem }
p { max-width: 46rem } .lead, .what { color: var(--soft) } a { color: var(--link) }
nav { display: flex; flex-wrap: wrap; gap: .3rem 1rem; margin: 1rem 0 }
details { background: var(--card); border: 1px solid var(--line); border-radius: .6rem; margin: .5rem 0; padding: 0 1rem }
details[open] { padding-bottom: 1rem } summary { cursor: pointer; padding: .65rem 0; overflow-wrap: anywhere }
code, pre { font: .85em/1.5 ui-monospace, 'SF Mono', Consolas, monospace } code { overflow-wrap: anywhere }
td code, p code { background: var(--code); border-radius: .3rem; padding: .1em .35em }
.copy { position: relative }
pre { background: var(--code); border-radius: .5rem; margin: 0; overflow-x: auto; padding: .8rem 1rem; user-select: all }
.copy button { position: absolute; top: .45rem; right: .45rem; background: var(--card); border: 1px solid var(--line);
  border-radius: .4rem; color: var(--ink); cursor: pointer; font: inherit; font-size: .8rem; padding: .15rem .6rem }
table { border-collapse: collapse; font-size: .9rem; width: 100% }
th, td { border-top: 1px solid var(--line); padding: .35rem .75rem .35rem 0; text-align: left; vertical-align: top }
th { font-weight: 600; white-space: nowrap } th b { color: #d1495b; padding-left: .15em }
.method { border-radius: .35rem; color: #fff; display: inline-block; font-size: .72rem; font-weight: 700;
  letter-spacing: .03em; margin-right: .4rem; padding: .15rem 0; text-align: center; width: 4.2rem }
.get { background: #1a6fc4 } .post { background: #22804a } .patch { background: #9a6200 } .delete { background: #b3354a }
.s2 { color: light-dark(#1b7a43, #62cf92) } .s4, .s5 { color: light-dark(#b3354a, #ff8a9b) }
`

/** Copies the example beside a button, and opens the section that a link points to. */
export const DOCS_SCRIPT = `
addEventListener('click', async ({ target }) => {
  if (!target.matches('.copy button')) return
  await navigator.clipboard.writeText(target.previousElementSibling.textContent)
  target.textContent = 'Copied'
  setTimeout(() => { target.textContent = 'Copy' }, 1500)
})
const open = () => { const it = document.getElementById(location.hash.slice(1)); if (it) { it.open = true } }
addEventListener('hashchange', open)
open()
`
