// Fetches this page anew when the daemon says that something has changed, and puts what differs in its place. Without it the
// page is whole, and as new as when it was opened.
"use strict";
(() => {
  const pulse = document.getElementById("pulse");
  let isStale = false;
  let isAtWork = false;

  const say = (state, words) => {
    pulse.dataset.state = state;
    pulse.textContent = words;
  };

  const isRead = (part) => {
    const selection = document.getSelection();
    return selection && !selection.isCollapsed && selection.containsNode(part, true);
  };

  const place = (element) => {
    if (element.id) return `#${CSS.escape(element.id)}`;
    const href = element.getAttribute("href");
    return href ? `a[href="${CSS.escape(href)}"]` : null;
  };

  const put = (old, now) => {
    for (const open of old.querySelectorAll("details[open][id]")) {
      const same = now.querySelector(`#${CSS.escape(open.id)}`);
      if (same) same.open = true;
    }
    if (old.isEqualNode(now) || isRead(old)) return;
    const active = document.activeElement;
    const focus = old.contains(active) ? place(active) : null;
    old.replaceWith(now);
    const again = focus && now.querySelector(focus);
    if (again) again.focus({ preventScroll: true });
  };

  const renew = async () => {
    if (document.hidden || isAtWork) {
      isStale = true;
      return;
    }
    isStale = false;
    isAtWork = true;
    try {
      const answer = await fetch(location.href, { cache: "no-store" });
      if (!answer.ok) return;
      const next = new DOMParser().parseFromString(await answer.text(), "text/html");
      document.title = next.title;
      for (const old of document.querySelectorAll("[data-live]")) {
        const now = next.getElementById(old.id);
        if (now) put(old, document.importNode(now, true));
      }
    } catch {
      // The stream says that nobody answers.
    } finally {
      isAtWork = false;
      if (isStale) setTimeout(renew, 1000);
    }
  };

  const stream = new EventSource("/live");
  let wasAway = false;
  stream.onopen = () => {
    say("on", "live");
    if (wasAway) renew();
    wasAway = false;
  };
  stream.onerror = () => {
    wasAway = true;
    say("off", "the daemon does not answer");
  };
  stream.onmessage = renew;
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden && isStale) renew();
  });
})();
