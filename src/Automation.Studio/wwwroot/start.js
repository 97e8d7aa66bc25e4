// Starts the Studio after the page has been drawn for the first time. A page in the background is never drawn; it starts at once.
(() => {
  const start = () => {
    for (const wanted of document.getElementById('studio-scripts').content.querySelectorAll('script')) {
      const script = document.createElement('script');
      script.src = wanted.getAttribute('src');
      script.async = false;
      document.body.append(script);
    }
  };
  if (document.hidden) start();
  else requestAnimationFrame(() => setTimeout(start));
})();
