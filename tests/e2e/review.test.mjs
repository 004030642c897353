/* Identity review by keyboard alone, on the real program: two people, the same person, taken back; it stays live. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { after, before, test } from 'node:test';
import { axe, launch, openPage, sideways, signIn, WIDTHS } from './browser.mjs';
import { post, purchase, startServer } from './server.mjs';

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

/* Until they are doubtful by themselves, the test says so to the database. */
function doubt(a, b, score, stake) {
	execFileSync('sqlite3', ['-cmd', '.timeout 5000', server.db,
		`INSERT INTO person_doubt (rkey, a, b, score, stake, worth, at, weighed_at)
		SELECT min(x.id, y.id) & 4095, min(x.id, y.id), max(x.id, y.id), ${score}, ${stake}, ${stake} * 500, 1, 9e18
		FROM person_record x, person_record y WHERE x.source_key = '${a}' AND y.source_key = '${b}'`]);
}
const person = (userId, firstName, lastName, more = {}) =>
	post(server, { type: 'identify', userId, messageId: `review-${userId}`, traits: { firstName, lastName, ...more } });

test('the queue is worked off by keyboard', async (t) => {
	if (server.kind !== 'program') {
		const why = 'no program of its own (build/…/byname)';
		console.log(`SKIP: ${t.name}: ${why}`);
		return t.skip(why);
	}
	await person('R-1', 'Hélène', 'Brunschwig', { phone: '+41 22 555 12 01', birthday: '1971-03-09' });
	await person('R-2', 'Helene', 'Brunswig', { phone: '+41 22 555 12 01', birthday: '1971-09-03' });
	await person('R-3', 'Jón', 'Smith');
	await person('R-4', 'Jon', 'Smyth');
	doubt('R-1', 'R-2', 900, 100);
	doubt('R-3', 'R-4', 400, 50);

	const { page, context, complaints } = await openPage(browser);
	await signIn(page, server);
	await page.goto(server.url + '/review');
	const where = page.getByRole('status').filter({ hasText: ' of ' });
	const sides = page.getByRole('table').first();
	await where.getByText('1 of 2').waitFor();
	await sides.getByText('Hélène Brunschwig').first().waitFor();
	await sides.getByText('+41225551201').first().waitFor();
	await page.getByText('Too few decisions').waitFor();
	assert.deepEqual(await axe(page), []);

	await page.keyboard.press('j');
	await where.getByText('2 of 2').waitFor();
	await sides.getByText('Smyth').first().waitFor();
	await page.keyboard.press('ArrowLeft');
	await where.getByText('1 of 2').waitFor();
	await page.keyboard.press('s'); // to the end
	await sides.getByText('Smyth').first().waitFor();
	await where.getByText('1 of 2').waitFor();
	await page.keyboard.press('n');
	await page.getByText(/^Kept apart: J/).waitFor();
	await where.getByText('1 of 1').waitFor();
	await sides.getByText('Hélène Brunschwig').first().waitFor();
	await page.keyboard.press('m');
	await page.getByText('Nothing is in doubt').waitFor();
	await page.getByText('2 of 20').waitFor();
	assert.deepEqual(await axe(page), []);

	await page.keyboard.press('u');
	await where.getByText('1 of 1').waitFor();
	await sides.getByText('Hélène Brunschwig').first().waitFor();
	await page.getByText('1 of 20').waitFor();

	// Live: somebody else changes something, and a pair comes by itself.
	doubt('R-1', 'R-4', 100, 200);
	await person('R-5', 'Zofia', 'New');
	await where.getByText('of 2').waitFor();
	assert.deepEqual(complaints, []);
	await context.close();
});

test('a sample of what was joined is checked by keyboard', async (t) => {
	if (server.kind !== 'program') {
		const why = 'no program of its own (build/…/byname)';
		console.log(`SKIP: ${t.name}: ${why}`);
		return t.skip(why);
	}
	for (const [n, name] of [[1, 'Björk'], [2, 'Dagný'], [3, 'Sólrún']])
		for (const where of ['a', 'b']) await person(`S-${n}${where}`, name, where === 'a' ? 'Þórsdóttir' : 'Thorsdottir', { email: `s${n}@example.is`, emailVerified: true });
	const { page, context, complaints } = await openPage(browser);
	await signIn(page, server);
	await page.goto(server.url + '/review');
	await page.getByRole('link', { name: 'Check a sample' }).focus();
	await page.keyboard.press('Enter');
	const where = page.getByRole('status').filter({ hasText: ' of ' });
	const sides = page.getByRole('table').first();
	await where.getByText('1 of 3').waitFor();
	await sides.getByText('Thorsdottir').first().waitFor();
	await sides.getByText('Þórsdóttir').first().waitFor();
	assert.deepEqual(await axe(page), []);
	await page.keyboard.press('m');
	await page.getByText(/^One person indeed: /).waitFor();
	await where.getByText('1 of 2').waitFor();
	await where.getByText('1 checked').waitFor();
	await page.keyboard.press('n');
	await page.getByText(/^Two people now: /).waitFor();
	await where.getByText('1 of 1').waitFor();
	await page.keyboard.press('u'); // they are one again, and to be checked
	await where.getByText('1 of 2').waitFor();
	await page.keyboard.press('m');
	await where.getByText('1 of 1').waitFor();
	await page.keyboard.press('m');
	await page.getByText('The sample is checked').waitFor();
	await page.getByText('3 pairs, 3 of them one person').waitFor();
	assert.deepEqual(await axe(page), []);
	assert.deepEqual(complaints, []);
	await context.close();
});

test('a record says why it belongs to its customer', async (t) => {
	if (server.kind !== 'program') {
		const why = 'no program of its own (build/…/byname)';
		console.log(`SKIP: ${t.name}: ${why}`);
		return t.skip(why);
	}
	await person('W-1', 'Ursina', 'Caviezel');
	await person('W-2', 'Ursina', 'Cavietzel');
	const find = async (q) => {
		for (let i = 0; i < 100; i++) {
			const { results } = await server.client.call('GET', `/v1/find?q=${encodeURIComponent(q)}`);
			if (results.length > 1) return results.map((r) => r.customer);
			await new Promise((done) => setTimeout(done, 50));
		}
		throw new Error(`not found: ${q}`);
	};
	const [a, b] = await find('ursina cavi');
	const { customer } = await server.client.call('POST', '/v1/merges', { a, b, reason: 'She said so' });
	const { page, context, complaints } = await openPage(browser);
	await signIn(page, server);
	await page.goto(`${server.url}/c/${customer}/records`);
	await page.getByRole('link', { name: /^Why does the record/ }).first().click();
	await page.getByRole('heading', { name: /^Why Ursina/ }).waitFor();
	await page.getByText('She said so').waitFor();
	assert.deepEqual(await axe(page), []);
	assert.deepEqual(complaints, []);
	await context.close();
});

test('the card says who shares a household and why, and nothing of what they buy', async (t) => {
	if (server.kind !== 'program') {
		const why = 'no program of its own (build/…/byname)';
		console.log(`SKIP: ${t.name}: ${why}`);
		return t.skip(why);
	}
	const home = { address: { street: 'Rue de Lausanne 14', postalCode: '1201', city: 'Genève', country: 'CH' } };
	await person('H-1', 'Anna', 'Okonkwo-Vuillemin', home);
	await person('H-2', 'Jean-Baptiste', 'Okonkwo-Vuillemin', home);
	await person('H-3', 'Tom', 'Aubert');
	for (const userId of ['H-1', 'H-3']) await post(server, { type: 'group', messageId: `g-${userId}`, userId, groupId: 'vuillemin' });
	await post(server, { ...purchase('GIFT-1', { sku: 'RING-1', name: 'Sapphire ring Aurora', category: 'jewellery', price: 4900 }), userId: 'H-2' });
	let anna;
	for (let i = 0; i < 100 && !anna; i++) {
		const { results } = await server.client.call('GET', '/v1/find?q=anna+okonkwo-vuillemin');
		anna = results.find((r) => r.name.startsWith('Anna'))?.customer;
		await new Promise((done) => setTimeout(done, 50));
	}
	for (const viewport of WIDTHS)
		for (const colorScheme of ['light', 'dark']) {
			const { page, context, complaints } = await openPage(browser, { viewport, colorScheme });
			await signIn(page, server);
			await page.goto(`${server.url}/c/${anna}`);
			await page.getByText('Full', { exact: true }).click();
			await page.getByText('Same household as Jean-Baptiste Okonkwo-Vuillemin, because both have the same family name and address').waitFor();
			await page.getByText('Same household as Tom Aubert, because a source says so').waitFor();
			await page.getByText('gifts stay a surprise').waitFor();
			assert.doesNotMatch(await page.locator('main').innerText(), /Aurora|GIFT-1|4[,.’ ]?900/);
			assert.ok((await sideways(page)) <= 0);
			assert.deepEqual(await axe(page), []);
			assert.deepEqual(complaints, []);
			await context.close();
		}
});
