/* Before the first paint: light or dark, as chosen here or as the system says. A file of its own, because the content
 * security policy allows no inline script. */
(function () {
	var choice = null;
	try {
		choice = localStorage.getItem('byname.scheme');
	} catch (e) {
		/* storage is off: the system decides */
	}
	var dark = choice === 'dark' || (choice !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches);
	document.documentElement.setAttribute('data-mantine-color-scheme', dark ? 'dark' : 'light');
})();
