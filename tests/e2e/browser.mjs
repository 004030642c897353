/* One chromium for a test file; pages that fail the test on console errors. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { chromium } from 'playwright-core';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
export const WIDTHS = [
	{ width: 390, height: 844 },
	{ width: 820, height: 1180 },
	{ width: 1280, height: 800 },
];

export function launch() {
	return chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', chromiumSandbox: process.getuid?.() !== 0 });
}

/** A page of its own context, and the list of what it complained about. */
export async function openPage(browser, options = {}) {
	const context = await browser.newContext({ viewport: WIDTHS[1], reducedMotion: 'reduce', locale: 'en-GB', ...options });
	const page = await context.newPage();
	const complaints = [];
	page.on('console', (m) => {
		if (m.type() === 'error' || m.type() === 'warning') complaints.push(`${m.text()} (${m.location().url})`);
	});
	page.on('pageerror', (e) => complaints.push(String(e)));
	page.setDefaultTimeout(15_000);
	return { context, page, complaints };
}

export async function signIn(page, server, who = server) {
	await page.goto(server.url + '/');
	await page.getByLabel('Login').fill(who.login);
	await page.getByLabel('Password', { exact: true }).fill(who.password);
	await page.keyboard.press('Enter');
	await page.getByRole('combobox').waitFor();
}

/** Axe's findings, one line each. Injected by evaluate: the content security policy allows no script tag.
 * only: these rules. */
export async function axe(page, only = undefined) {
	if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(AXE);
	return page.evaluate(async (runOnly) => {
		const { violations } = await window.axe.run(document, { resultTypes: ['violations'], ...(runOnly && { runOnly }) });
		return violations.flatMap((v) => v.nodes.map((n) => `${v.id}: ${n.target.join(' ')} — ${n.failureSummary?.split('\n')[1] ?? v.help}`));
	}, only);
}

/** By how many pixels the page can be scrolled sideways. */
export function sideways(page) {
	return page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
}
