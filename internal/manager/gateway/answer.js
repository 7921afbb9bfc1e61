
// Asks until the instance serves, and then for the page again. It asks for the instance's health and not for the page: an
// address may be good for one visit only, as the last one of a sign-in is.
(() => {
  const wait = document.documentElement.dataset.again * 1000;
  const show = (id, text) => { if (text) document.getElementById(id).textContent = text; };
  const look = async () => {
    try {
      const answer = await fetch('/.backstage/health/v1/readiness', { cache: 'no-store', headers: { Accept: 'application/json' } });
      if (answer.status !== 502 && answer.status !== 503) return location.reload();
      const problem = await answer.json();
      show('title', problem.title);
      show('detail', problem.detail);
    } catch { /* no network, or an answer that is not the gateway's: look again */ }
    setTimeout(look, wait);
  };
  setTimeout(look, wait);
})();
