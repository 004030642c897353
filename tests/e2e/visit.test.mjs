/* The whole visit by keyboard alone: sign in, find, read the card, see how we know it, add a note, take it back. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { launch, openPage } from './browser.mjs';
import { PERSON, startServer } from './server.mjs';

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

const focused = (page) => page.evaluate(() => document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.textContent ?? '');
async function tabTo(page, wanted, most = 60) {
	for (let i = 0; i < most; i++) {
		if (wanted.test(await focused(page))) return;
		await page.keyboard.press('Tab');
	}
	assert.fail(`the Tab key does not reach ${wanted}; it is at “${await focused(page)}”`);
}

test('a visit by keyboard alone', async () => {
	const { page, complaints } = await openPage(browser);
	await page.goto(server.url + '/');
	await page.getByLabel('Login').waitFor();

	// Sign in: the first field has the focus already.
	await page.keyboard.type(server.login);
	await page.keyboard.press('Tab');
	await page.keyboard.type(server.password);
	await page.keyboard.press('Enter');

	// Find: the field has the focus; the arrow keys choose.
	await page.getByRole('combobox').waitFor();
	await page.keyboard.press('/'); // from everywhere the way to this field; in it it is no letter
	assert.equal(await page.getByRole('combobox').inputValue(), '');
	await page.keyboard.type(PERSON.typed);
	await page.getByRole('option').filter({ hasText: PERSON.name }).first().waitFor();
	await page.keyboard.press('ArrowDown');
	await page.keyboard.press('ArrowUp');
	await page.keyboard.press('Enter');

	// The card.
	await page.getByRole('heading', { level: 1, name: PERSON.name }).waitFor();
	assert.match(page.url(), /\/c\/cus_/);

	// How we know it: Tab to a fact, Enter opens, Escape closes and gives the focus back.
	await tabTo(page, /: how we know it$/);
	const at = await focused(page);
	await page.keyboard.press('Enter');
	const how = page.getByRole('dialog', { name: /how we know it/i });
	await how.waitFor();
	await page.keyboard.press('Escape');
	await how.waitFor({ state: 'detached' });
	assert.equal(await focused(page), at);

	// A note: n, text, Ctrl+Enter; then Undo by keyboard.
	const text = `Prefers the window seat ${Date.now()}`;
	await page.keyboard.press('n');
	await page.keyboard.type(text);
	await page.keyboard.press('Control+Enter');
	await page.getByText('Note saved').waitFor();
	await page.getByRole('listitem').filter({ hasText: text }).waitFor();
	await tabTo(page, /^Undo$/);
	await page.keyboard.press('Enter');
	await page.getByRole('listitem').filter({ hasText: text }).waitFor({ state: 'detached' });

	// "/" finds from anywhere, Escape closes, Ctrl+K works also inside a field.
	await page.keyboard.press('/');
	await page.getByRole('dialog', { name: 'Find a customer' }).waitFor();
	await page.keyboard.press('Escape');
	await page.getByRole('dialog', { name: 'Find a customer' }).waitFor({ state: 'detached' });
	await page.keyboard.press('n');
	await page.keyboard.press('Control+k');
	await page.getByRole('dialog', { name: 'Find a customer' }).waitFor();
	assert.deepEqual(complaints, []);
});
