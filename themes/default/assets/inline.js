// The colours that the reader chose, before anything is painted; then the switch for them, and the
// buttons that copy code. Without this script neither is shown; without storage a choice lasts as
// long as the page. All is heard at the window, so that blocks may come and go.
{
  const data = document.documentElement.dataset
  data.theme = ""
  const show = theme => {
    data.theme = theme
    for (const box of document.getElementsByName("theme")) box.checked = box.value == theme
  }
  const read = () => {
    // Storage may be forbidden; other sites of the host may keep something else under this name.
    try { show(/^(light|dark)$/.exec(localStorage.theme)?.[0] || "") } catch {}
  }
  read()
  // Other tabs, and pages that the browser kept, follow.
  for (const type of ["DOMContentLoaded", "pageshow", "storage"]) addEventListener(type, read)

  onchange = ({ target: { name, value } }) => {
    if (name != "theme") return
    show(value)
    try { localStorage.theme = value } catch {}
  }

  onclick = async ({ target: copy }) => {
    if (!copy.matches(".copy")) return
    const code = copy.previousElementSibling, said = document.querySelector(".said")
    let how = "done"
    try { await navigator.clipboard.writeText(code.textContent) } catch {
      getSelection().selectAllChildren(code)
      how = "failed"
    }
    copy.value ||= copy.textContent
    copy.textContent = said.textContent = said.dataset[how]
    setTimeout(() => { copy.textContent = copy.value; said.textContent = "" }, 3000)
  }
}
