/* What every screen must stand, in its widths, light and dark. */
import assert from 'node:assert/strict';
import { axe, sideways, WIDTHS } from './browser.mjs';

/** In all widths, light and dark; unless BYNAME_WHOLE is set, axe looks at the first width only, and the others may not scroll. */
const WHOLE = Boolean(process.env.BYNAME_WHOLE);
export async function look(page, name, widths = WIDTHS, dark = widths) {
	const faults = [];
	for (const size of widths) {
		await page.setViewportSize(size);
		const axed = WHOLE || size === widths[0];
		for (const colorScheme of axed && dark.includes(size) ? ['light', 'dark'] : ['light']) {
			await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
			const where = `${name}, ${size.width} px, ${colorScheme}`;
			await shown(page, colorScheme);
			/* Whether it is light or dark matters to the contrast only. */
			if (axed) for (const f of await axe(page, colorScheme === 'dark' ? ['color-contrast'] : undefined)) faults.push(`${where}: ${f}`);
			const px = await sideways(page);
			if (px > 0) faults.push(`${where}: scrolls sideways by ${px} px`);
		}
	}
	assert.deepEqual(faults, []);
}
/** The scheme has arrived, and two frames were painted with it. */
const shown = (page, scheme) =>
	page.evaluate(async (wanted) => {
		while (document.documentElement.dataset.mantineColorScheme !== wanted) await new Promise(requestAnimationFrame);
		for (let i = 0; i < 2; i++) await new Promise(requestAnimationFrame);
	}, scheme);
export const settled = (page) => page.waitForFunction(() => !document.querySelector('[aria-busy=true]'));

/** Controls too small for a thumb: all but links within a sentence, and boxes whose label is as good. */
export const small = (page) =>
	page.evaluate(() =>
		[...document.querySelectorAll('main :is(button, a, input:not([type=checkbox], [type=radio]), select, summary)')]
			.filter((e) => !(e.tagName === 'A' && getComputedStyle(e).display === 'inline'))
			.map((e) => [e.getBoundingClientRect(), e])
			.filter(([r]) => r.width > 0 && (r.width < 43.5 || r.height < 43.5))
			.map(([r, e]) => `${e.tagName} “${e.textContent}”: ${r.width} × ${r.height}`));
