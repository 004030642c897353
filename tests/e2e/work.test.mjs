/* Work on the real program: a user by a link, a key, a dead letter mended, a fact marked as wrong, two customers merged; each
 * with its way back. Needs the program: the mock knows no rights and keeps no rules. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { axe, launch, openPage, signIn } from './browser.mjs';
import { PERSON, post, startServer } from './server.mjs';

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

function needsProgram(t) {
	if (server.kind !== 'mock') return false;
	const why = 'no program (build/…/byname) and no BYNAME_URL';
	console.log(`SKIP: ${t.name}: ${why}`);
	t.skip(why);
	return true;
}
async function open() {
	const opened = await openPage(browser);
	await signIn(opened.page, server);
	return opened;
}
async function findPerson(page) {
	await page.goto(server.url + '/');
	await page.getByRole('combobox').fill(PERSON.typed);
	await page.getByRole('option').filter({ hasText: PERSON.name }).first().click();
	await page.getByRole('heading', { level: 1, name: PERSON.name }).waitFor();
}

test('an associate gets a link, chooses a password, and sees only what the role covers', async (t) => {
	if (needsProgram(t)) return;
	const { page, context, complaints } = await open();
	await page.goto(server.url + '/users');
	await page.getByRole('button', { name: 'Add a user' }).click();
	await page.getByLabel('Name', { exact: true }).fill('Anna Meier');
	await page.getByLabel('Login').fill('anna');
	const stores = page.getByRole('group', { name: 'Stores' }).getByRole('checkbox');
	await stores.first().check();
	await page.getByRole('button', { name: 'Add, and make the link' }).click();
	const link = await page.getByLabel('One-time link', { exact: true }).inputValue();
	assert.match(link, /\/link\/[\w-]{43}$/);
	await page.keyboard.press('Escape');
	await page.getByText('Link not used yet').waitFor();
	assert.deepEqual(complaints, []);

	const other = await openPage(browser);
	await other.page.goto(link);
	await other.page.getByLabel('Password', { exact: true }).fill('short');
	await other.page.getByRole('button', { name: 'Save and sign in' }).click();
	await other.page.getByText('At least 10 characters.', { exact: true }).waitFor();
	await other.page.getByLabel('Password', { exact: true }).fill('staple battery horse');
	await other.page.getByRole('button', { name: 'Save and sign in' }).click();
	await other.page.getByRole('combobox').waitFor();
	assert.equal(await other.page.getByRole('link', { name: 'Users & keys' }).count(), 0);
	assert.deepEqual(other.complaints, []);
	assert.deepEqual(await axe(other.page), []);
	await other.page.goto(link);
	await other.page.getByText('This link no longer works').waitFor();
	await other.context.close();
	await context.close();
});

test('a key is shown once, works, and is revoked', async (t) => {
	if (needsProgram(t)) return;
	const { page, context } = await open();
	await page.goto(server.url + '/users/keys');
	await page.getByRole('button', { name: 'Make a key' }).click();
	await page.getByLabel('What it is for').fill('Till Lisboa');
	await page.getByLabel('Source').fill('till2');
	await page.getByRole('button', { name: 'Make the key' }).click();
	const key = await page.getByLabel('API key', { exact: true }).inputValue();
	await post({ ...server, key }, { type: 'identify', userId: 'L-1', messageId: 'work-1', traits: { firstName: 'Lúcia', lastName: 'Prado', phone: '+41 44 555 66 55' } });
	await page.keyboard.press('Escape');
	await page.getByRole('button', { name: 'Revoke Till Lisboa' }).click();
	await page.getByRole('button', { name: 'Undo' }).click();
	await page.getByRole('button', { name: 'Revoke Till Lisboa' }).click();
	await page.getByRole('button', { name: 'Dismiss this message' }).click();
	await page.getByText('Revoked').waitFor();
	await assert.rejects(async () => {
		for (let i = 0; i < 30; i++) {
			await post({ ...server, key }, { type: 'identify', userId: 'L-1', messageId: `work-r${i}`, traits: { firstName: 'Lúcia' } });
			await new Promise((done) => setTimeout(done, 500));
		}
	}, /401/);
	await context.close();
});

test('a dead letter is mended and taken in', async (t) => {
	if (needsProgram(t)) return;
	const bad = { type: 'track', event: 'Order Completed', userId: PERSON.userId, messageId: 'work-bad', timestamp: new Date().toISOString(), properties: { order_id: 'B-1', currency: 'EURO', products: [{ sku: 'X-1', name: 'Scarf', price: 20, quantity: 1 }] } };
	await post(server, { batch: [bad], sentAt: new Date().toISOString() });
	const { page, context } = await open();
	await page.goto(server.url + '/imports/letters');
	const letter = page.getByRole('listitem').filter({ hasText: 'work-bad' });
	await letter.getByRole('button', { name: 'Try again' }).click();
	await letter.getByText(/currency/i).nth(1).waitFor();
	const raw = letter.getByRole('textbox');
	await raw.fill((await raw.inputValue()).replace('EURO', 'EUR'));
	await letter.getByRole('button', { name: 'Try again as changed' }).click();
	await page.getByText('Taken in.').waitFor();
	await letter.waitFor({ state: 'detached' });
	await context.close();
});

test('a fact is marked as wrong and comes back', async (t) => {
	if (needsProgram(t)) return;
	const { page, context, complaints } = await open();
	await findPerson(page);
	const size = page.getByRole('button', { name: /^42/ });
	await size.click();
	await page.getByRole('button', { name: 'This is wrong' }).click();
	await page.getByText('Marked as wrong').waitFor();
	await size.waitFor({ state: 'detached' });
	await page.reload();
	await page.getByRole('heading', { name: 'Last purchase' }).waitFor();
	assert.equal(await size.count(), 0);
	await page.getByRole('button', { name: /Full/ }).first().waitFor();

	// Once more with another fact, this time taken back.
	const like = page.getByRole('button', { name: /^Acorn/ });
	await like.click();
	await page.getByRole('button', { name: 'This is wrong' }).click();
	await like.waitFor({ state: 'detached' });
	await page.getByRole('button', { name: 'Undo' }).click();
	await like.waitFor();
	assert.deepEqual(complaints, []);
	await context.close();
});

test('two customers are merged by hand and come apart again', async (t) => {
	if (needsProgram(t)) return;
	await post(server, { type: 'identify', userId: 'M-77', messageId: 'work-m', traits: { firstName: 'Quirin', lastName: 'Xaver' } });
	const { page, context, complaints } = await open();
	await findPerson(page);
	await page.getByRole('link', { name: 'Records', exact: true }).click();
	await page.getByRole('heading', { name: '1 record' }).waitFor();
	await page.getByRole('button', { name: 'Merge with…' }).click();
	await page.getByRole('combobox').fill('quirin');
	await page.getByRole('option').filter({ hasText: 'Quirin' }).click();
	await page.getByLabel('Why are they one person?').fill('He said so');
	await page.getByRole('button', { name: 'Merge', exact: true }).click();
	await page.getByRole('heading', { name: '2 records' }).waitFor();
	await page.getByText('“He said so”').waitFor();
	assert.deepEqual(await axe(page), []);
	await page.getByRole('button', { name: 'Undo' }).last().click();
	await page.getByRole('heading', { name: '1 record' }).waitFor();
	assert.deepEqual(complaints, []);
	await context.close();
});

test('every look stands in the audit trail', async (t) => {
	if (needsProgram(t)) return;
	const { page, context, complaints } = await open();
	await findPerson(page);
	await page.goto(server.url + '/audit');
	await page.getByRole('row').filter({ hasText: 'Robin Keller' }).filter({ hasText: 'Looked at the customer' }).first().waitFor();
	assert.deepEqual(await axe(page), []);
	assert.deepEqual(complaints, []);
	await context.close();
});
