import '@fontsource-variable/figtree/wght.css';
import '@fontsource-variable/source-serif-4/wght.css';
import './styles/mantine';
import './styles/base.css';
import { MantineProvider } from '@mantine/core';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './App';
import { SessionProvider } from './api/session';
import { useScheme } from './app/scheme';
import { theme } from './theme';

function Root() {
	const { scheme } = useScheme();
	return (
		<MantineProvider theme={theme} forceColorScheme={scheme} withCssVariables={false} withGlobalClasses={false}>
			<SessionProvider>
				<App />
			</SessionProvider>
		</MantineProvider>
	);
}

const root = document.getElementById('root');
if (root) {
	createRoot(root).render(
		<StrictMode>
			<Root />
		</StrictMode>,
	);
}

/* The server was updated, and the part asked for is no longer there: load the app anew, but not over and over. */
addEventListener('vite:preloadError', () => {
	const last = Number(sessionStorage.getItem('byname.reloaded') ?? 0);
	if (Date.now() - last < 60_000) return;
	sessionStorage.setItem('byname.reloaded', String(Date.now()));
	location.reload();
});

if (import.meta.env.PROD && 'serviceWorker' in navigator) {
	addEventListener('load', () => {
		/* Without it the app works the same, only opens slower. */
		navigator.serviceWorker.register('/sw.js').catch(() => {});
	});
}
