// What makes the operator's page move: it works without.
"use strict";

const longestRows = 500;
const longestLog = 2000;
const settles = 700; // ms: events come together
const refreshesAtLeast = 30000; // ms
const comesBack = 3000; // ms

// since has the words of words.go.
function since(ms) {
  const s = Math.floor(ms / 1000);
  if (s < 10) return "just now";
  if (s < 60) return `${s} s ago`;
  if (s < 3600) return `${Math.floor(s / 60)} min ago`;
  if (s < 172800) return `${Math.floor(s / 3600)} h ago`;
  return `${Math.floor(s / 86400)} days ago`;
}

function tellTimes() {
  for (const time of document.querySelectorAll("time[data-ago]")) {
    time.textContent = since(Date.now() - Date.parse(time.dateTime));
  }
}

// refresh puts the page's parts of now in the place of those of before, unless somebody is just using them.
async function refresh() {
  const parts = document.querySelectorAll("[data-refresh]");
  if (parts.length === 0 || document.hidden) return;
  let answer;
  try {
    answer = await fetch(location.href, { headers: { Accept: "text/html" } });
  } catch {
    return; // the next one may come through
  }
  if (answer.redirected) { // signed out
    location.assign(answer.url);
    return;
  }
  if (!answer.ok) return;
  const now = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const part of parts) {
    const next = now.querySelector(`[data-refresh="${part.dataset.refresh}"]`);
    const used = part.contains(document.activeElement) || part.contains(getSelection().anchorNode) && !getSelection().isCollapsed;
    if (next && !used && next.innerHTML !== part.innerHTML) part.replaceWith(next);
  }
}

// live says how it stands with the stream.
const live = document.querySelector("[data-live]");
function tell(text, on) {
  if (!live) return;
  live.hidden = false;
  live.dataset.live = on ? "on" : "off";
  const place = live.querySelector("[data-live-text]");
  if (place.textContent !== text) place.textContent = text;
}

// follow reads a stream, and again from where it was when it breaks off.
function follow(address, handlers) {
  let source, again, paused = false, last = "";
  const open = () => {
    const from = new URL(address, location.href);
    if (last) from.searchParams.set("after", last);
    source = new EventSource(from);
    source.onopen = () => tell("Live", true);
    source.onerror = () => {
      tell("Connecting again…", false);
      if (source.readyState !== EventSource.CLOSED) return; // it comes back by itself
      clearTimeout(again);
      again = setTimeout(async () => { await refresh(); open(); }, comesBack);
    };
    for (const [kind, handle] of Object.entries(handlers)) {
      source.addEventListener(kind, (event) => {
        if (event.lastEventId) last = event.lastEventId;
        handle(event.data);
      });
    }
  };
  open();
  const button = live?.querySelector("[data-live-pause]");
  button?.addEventListener("click", () => {
    paused = !paused;
    button.textContent = paused ? "Go on" : "Pause";
    clearTimeout(again);
    source.close();
    if (paused) tell("Paused", false);
    else open();
  });
  addEventListener("pagehide", () => source.close());
}

const stream = document.body.dataset.stream;
if (stream) {
  let pending;
  follow(stream, {
    row(html) {
      const rows = document.querySelector("[data-rows]");
      if (rows && !rows.closest("[data-refresh]")) {
        rows.insertAdjacentHTML("afterbegin", html);
        rows.firstElementChild.classList.add("new");
        while (rows.children.length > longestRows) rows.lastElementChild.remove();
        document.querySelector("[data-none]")?.remove();
      }
      clearTimeout(pending);
      pending = setTimeout(refresh, settles);
    },
  });
  setInterval(() => { tellTimes(); refresh(); }, refreshesAtLeast);
}

const log = document.querySelector("[data-log]");
if (log) {
  const atEnd = () => log.scrollHeight - log.scrollTop - log.clientHeight < 40;
  const add = (html) => {
    const stay = !atEnd();
    log.insertAdjacentHTML("beforeend", html);
    while (log.children.length > longestLog) log.firstElementChild.remove();
    if (!stay) log.scrollTop = log.scrollHeight;
    if (html) document.querySelector("[data-none]")?.remove();
  };
  log.scrollTop = log.scrollHeight;
  follow(log.dataset.log, {
    tail(html) { const stay = !atEnd(), top = log.scrollTop; log.replaceChildren(); add(html); log.scrollTop = stay ? top : log.scrollHeight; },
    lines: add,
  });
}
