(() => {
  // The document and all shadow roots in it: TechDocs shows its pages in one.
  const roots = (root = document) =>
    [root, ...[...root.querySelectorAll('*')].flatMap(e => (e.shadowRoot ? roots(e.shadowRoot) : []))];
  const all = selector => roots().flatMap(root => [...root.querySelectorAll(selector)]);
  const visible = e => e.checkVisibility({ opacityProperty: true, visibilityProperty: true });
  // What a person or a screen reader calls it.
  const names = e => [
    e.getAttribute('aria-label'),
    e.getAttribute('title'),
    e.getAttribute('placeholder'),
    ...[...(e.labels ?? [])].map(label => label.textContent.replace(/\s*\*$/, '')),
    e.textContent,
  ].map(name => name?.trim());
  const selectors = { link: 'a[href], [role=link]', button: 'button, [role=button]', field: 'input, textarea' };
  return {
    text: () => roots().map(root => [...root.children].map(e => e.innerText ?? '').join('\n')).join('\n'),
    // Where the first thing with this role and name is: [x, y], when a click there would hit it, and it was there at the last
    // look too: a page that is still being laid out moves what is on it.
    place: (role, name) => {
      const found = all(selectors[role]).find(e => visible(e) && !e.disabled && names(e).includes(name));
      if (!found) return null;
      found.scrollIntoView({ block: 'center' });
      const box = found.getBoundingClientRect();
      const at = [box.x + box.width / 2, box.y + box.height / 2];
      const hit = found.getRootNode().elementFromPoint(...at);
      const here = `${role} ${name} ${at}`;
      const rests = globalThis.lastPlace === here;
      globalThis.lastPlace = here;
      return rests && hit && (found.contains(hit) || hit.contains(found)) ? at : null;
    },
  };
})()
