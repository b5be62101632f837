// Before anything is drawn: dark where the visitor, or else the system, says so.
(() => {
  const root = document.documentElement;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const apply = () => {
    const chosen = root.dataset.theme;
    root.classList.toggle("dark", chosen === "dark" || (chosen === "" && dark.matches));
  };
  apply();
  dark.addEventListener("change", apply);
  root.classList.add("scripted");
})();
