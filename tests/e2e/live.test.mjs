/* Two browsers, two stores: what a till posts to /v1/track stands on the open card of the other without a reload. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { launch, openPage, signIn } from './browser.mjs';
import { PERSON, post, purchase, startServer } from './server.mjs';

let server;
let browser;
before(async () => {
	server = await startServer();
	browser = await launch();
});
after(async () => {
	await browser?.close();
	await server?.stop();
});

/** Opens the card by Find and waits until its event stream is open. */
async function openCard() {
	const opened = await openPage(browser);
	const { page } = opened;
	await signIn(page, server);
	const stream = page.waitForRequest((r) => r.url().includes('/v1/events'));
	await page.getByRole('combobox').fill(PERSON.typed);
	await page.getByRole('option').filter({ hasText: PERSON.name }).first().waitFor();
	await page.keyboard.press('Enter');
	await page.getByRole('heading', { name: 'Last purchase' }).waitFor();
	await stream;
	await page.waitForTimeout(500);
	await page.evaluate(() => {
		window.notReloaded = true;
	});
	return opened;
}

test('a purchase in one store appears on the card that is open in another', async (t) => {
	if (server.kind === 'mock') t.diagnostic('against the mock');
	const one = await openCard();
	const two = await openCard();
	const product = { sku: 'PRK-M-RED', name: `Parka Halden ${Date.now()}`, category: 'coats', size: 'M', color: 'red', price: 289 };
	const at = Date.now();
	await post(server, { ...purchase(`L-${at}`, product), userId: server.kind === 'mock' ? '10041' : PERSON.userId });
	for (const { page } of [one, two]) await page.getByText(product.name, { exact: true }).first().waitFor({ timeout: 10_000 });
	t.diagnostic(`on both screens after ${Date.now() - at} ms`);
	for (const { page, complaints } of [one, two]) {
		assert.equal(await page.evaluate(() => window.notReloaded), true);
		await page.getByText(/changed just now/).first().waitFor();
		assert.deepEqual(complaints, []);
	}

	// A note written in one is read in the other, on the full card.
	await two.page.getByRole('button', { name: 'Full', exact: true }).click();
	const text = `Wants the parka kept until Friday ${at}`;
	await one.page.keyboard.press('n');
	await one.page.keyboard.type(text);
	await one.page.keyboard.press('Control+Enter');
	await two.page.getByRole('listitem').filter({ hasText: text }).waitFor({ timeout: 10_000 });

	// The timeline of the one is live, too.
	await one.page.getByRole('link', { name: 'Timeline', exact: true }).click();
	await one.page.getByRole('heading', { level: 1, name: PERSON.name }).waitFor();
	await one.page.waitForTimeout(500);
	const newest = one.page.locator('main ol > li').first();
	const before = await newest.textContent();
	await post(server, { ...purchase(`M-${at}`, { ...product, name: 'Gloves Halden', sku: 'GLV-M' }), userId: server.kind === 'mock' ? '10041' : PERSON.userId });
	await one.page.waitForFunction((old) => document.querySelector('main ol > li')?.textContent !== old, before, { timeout: 10_000 });
});

test('without the network the screen says so, and goes on by itself when it is back', async () => {
	const { page, context } = await openCard();
	await context.setOffline(true);
	await page.evaluate(() => window.dispatchEvent(new Event('online'))); // wakes the stream: it connects anew, and cannot
	await page.getByText('Not connected').waitFor({ timeout: 20_000 });
	await context.setOffline(false);
	await page.getByText('Not connected').waitFor({ state: 'detached', timeout: 30_000 });
});
