import react from '@vitejs/plugin-react';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { convertCssVariables, DEFAULT_THEME, defaultCssVariablesResolver, mergeMantineTheme } from '@mantine/core';
import { defineConfig, type Plugin } from 'vite';
import { cssVariables, theme } from './src/theme.ts';

/* theme.ts as a static style sheet (virtual:theme.css), without the palettes that we do not use. */
function themeSheet(): Plugin {
	const id = '\0virtual:theme.css';
	const unused = /--mantine-color-(pink|grape|violet|indigo|cyan|teal|green|lime|yellow|orange|blue|red|brass|garnet)-/;
	const kept = /--mantine-color-(brass|garnet)-(\d|filled|light|outline)/;
	return {
		name: 'theme-sheet',
		resolveId: (name) => (name === 'virtual:theme.css' ? id : undefined),
		load(name) {
			if (name !== id) return undefined;
			const whole = mergeMantineTheme(DEFAULT_THEME, theme);
			const base = defaultCssVariablesResolver(whole);
			const ours = cssVariables(whole);
			const pick = (o: Record<string, string>) =>
				Object.fromEntries(Object.entries(o).filter(([k]) => !unused.test(k) || kept.test(k)));
			return convertCssVariables(
				{
					variables: pick({ ...base.variables, ...ours.variables }),
					light: pick({ ...base.light, ...ours.light }),
					dark: pick({ ...base.dark, ...ours.dark }),
				},
				':root',
			);
		},
	};
}

/* The service worker keeps the app's shell, never data: it is told which files those are once the bundle is known. */
function shellWorker(): Plugin {
	return {
		name: 'shell-worker',
		apply: 'build',
		generateBundle(_options, bundle) {
			const files = Object.keys(bundle).filter((f) => /\.(js|css)$/.test(f) || /latin-(wght|standard)-normal/.test(f));
			const list = ['/', '/boot.js', '/icon.svg', '/manifest.webmanifest', ...files.map((f) => '/' + f).sort()];
			const version = createHash('sha256').update(list.join()).digest('hex').slice(0, 12);
			const source = readFileSync(new URL('./src/sw.js', import.meta.url), 'utf8')
				.replace('__VERSION__', version)
				.replace('__FILES__', JSON.stringify(list));
			this.emitFile({ type: 'asset', fileName: 'sw.js', source });
		},
	};
}

/* The two faces that the first screen shows are fetched along with the script, not after the style sheet. */
function preloadFonts(): Plugin {
	return {
		name: 'preload-fonts',
		apply: 'build',
		transformIndexHtml: {
			order: 'post',
			handler(_html, { bundle }) {
				return Object.keys(bundle ?? {})
					.filter((f) => /-latin-wght-normal.*\.woff2$/.test(f))
					.map((f) => ({
						tag: 'link',
						attrs: { rel: 'preload', as: 'font', type: 'font/woff2', href: '/' + f, crossorigin: '' },
						injectTo: 'head' as const,
					}));
			},
		},
	};
}

export default defineConfig({
	plugins: [react(), themeSheet(), shellWorker(), preloadFonts()],
	build: {
		target: 'es2022',
		assetsInlineLimit: 0,
		modulePreload: { polyfill: false },
	},
	server: { proxy: { '/v1': process.env.BYNAME_URL ?? 'http://127.0.0.1:4600' } },
});
