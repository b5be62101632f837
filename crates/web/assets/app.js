// What pages need beyond links, forms and htmx. Everything works, if with more clicks, without it.
(() => {
  "use strict";

  const on = (event, selector, act) =>
    document.addEventListener(event, (happened) => {
      const found = happened.target.closest?.(selector);
      if (found) act(found, happened);
    });

  // Dialogs: [data-close] closes the one it is in, a click beside it too.
  on("click", "[data-close]", (button) => button.closest("dialog")?.close());
  on("click", "dialog", (dialog, click) => {
    if (click.target === dialog) dialog.close();
  });

  // [data-empty-on-close]: what was not agreed to does not stay behind in the form around it.
  document.addEventListener(
    "close",
    (close) => {
      if (close.target.matches?.("dialog[data-empty-on-close]")) close.target.remove();
    },
    true,
  );

  // A menu closes when the focus or a click goes elsewhere, and on Escape.
  const closeMenus = (except) => {
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      if (!except || !menu.contains(except)) menu.open = false;
    }
  };
  document.addEventListener("click", (click) => closeMenus(click.target));
  document.addEventListener("focusin", (focus) => closeMenus(focus.target));
  document.addEventListener("keydown", (key) => {
    if (key.key !== "Escape") return;
    const menu = document.activeElement?.closest("details.menu[open]");
    if (menu) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  });

  // [data-copy="text"] puts a text into the clipboard, and says so.
  on("click", "[data-copy]", async (button) => {
    try {
      await navigator.clipboard.writeText(button.dataset.copy);
    } catch {
      return;
    }
    const said = button.querySelector("[data-said]");
    if (said) {
      const before = said.textContent;
      said.textContent = said.dataset.said;
      setTimeout(() => (said.textContent = before), 2000);
    }
  });

  // The secret of a link stands behind its #, so that no server sees it; here it goes into the form.
  const secret = document.querySelector("input[data-from-address]");
  if (secret && location.hash.length > 1) {
    secret.value = decodeURIComponent(location.hash.slice(1));
    history.replaceState(null, "", location.pathname + location.search);
    document.querySelector("[data-after-address]")?.focus();
  }

  // [data-confirm]: a form that asks before it is sent.
  on("submit", "form[data-confirm]", (form, submit) => {
    if (!confirm(form.dataset.confirm)) submit.preventDefault();
  });

  // [data-busy="text"]: a form whose answer takes a while says so, and is not sent twice.
  const busy = (form, on) => {
    const button = form.querySelector("button:not([type=button])");
    if (!button) return;
    if (on) button.dataset.idle = button.textContent;
    button.textContent = on ? form.dataset.busy : button.dataset.idle;
    button.setAttribute("aria-disabled", String(on));
  };
  on("submit", "form[data-busy]", (form, submit) => {
    if (form.ariaBusy === "true") return submit.preventDefault();
    form.ariaBusy = "true";
    busy(form, true);
  });
  addEventListener("pageshow", (show) => {
    if (!show.persisted) return;
    for (const form of document.querySelectorAll("form[data-busy][aria-busy=true]")) {
      form.ariaBusy = null;
      busy(form, false);
    }
  });

  // [data-submit]: a choice that is sent at once.
  on("change", "[data-submit]", (field) => field.form?.requestSubmit());

  // [data-filter="selector"]: narrows a list to what holds the text that is typed.
  on("input", "[data-filter]", (field) => {
    const wanted = field.value.trim().toLowerCase();
    let shown = 0;
    for (const row of document.querySelectorAll(field.dataset.filter)) {
      const fits = row.textContent.toLowerCase().includes(wanted);
      row.hidden = !fits;
      shown += fits;
    }
    const none = document.querySelector(`[data-none="${CSS.escape(field.dataset.filter)}"]`);
    if (none) none.hidden = shown > 0;
  });

  // A page that says what was just done drops that from its address, so that a reload does not say it again.
  const here = new URL(location.href);
  if (here.searchParams.has("note")) {
    here.searchParams.delete("note");
    history.replaceState(null, "", here.pathname + here.search + here.hash);
  }

  // What a script has put into the page is announced and focused as it says itself.
  document.addEventListener("htmx:after:swap", () => {
    const wanted = document.querySelector("[data-focus-now]");
    if (wanted) {
      wanted.removeAttribute("data-focus-now");
      wanted.focus({ preventScroll: false });
    }
    for (const dialog of document.querySelectorAll("dialog[data-show-now]")) {
      dialog.removeAttribute("data-show-now");
      if (!dialog.open) dialog.showModal();
    }
  });
})();
