/* Every screen and state but those of orders and stock (trade_screens), three widths, light and dark: axe finds nothing,
 * nothing scrolls sideways, the console stays quiet. Against the mock, because it can show every state at will. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startMock } from '../../web/mock/server.mjs';
import { launch, openPage, signIn } from './browser.mjs';
import { look, settled } from './look.mjs';

let mock;
let browser;
before(async () => {
	mock = await startMock();
	browser = await launch();
});
after(async () => {
	await browser?.close();
	mock?.stop();
});

test('before signing in', async (t) => {
	const { page, context, complaints } = await openPage(browser);
	await t.test('sign in', async () => {
		await page.goto(mock.url + '/');
		await page.getByLabel('Login').waitFor();
		await look(page, 'sign in');
		await page.getByRole('button', { name: 'Sign in' }).click();
		await page.getByText('Type your login name.').waitFor();
		await look(page, 'sign in, nothing typed');
	});
	await t.test('the first administrator', async () => {
		await page.goto(mock.url + mock.firstLink);
		await page.getByLabel('Your name').waitFor();
		await look(page, 'first link');
	});
	assert.deepEqual(complaints, []);
	await page.goto(mock.url + '/link/used-up');
	await page.getByText('This link no longer works').waitFor();
	await look(page, 'used link');
	await context.close();
});

test('a manager of everything', async (t) => {
	const { page, context, complaints } = await openPage(browser);
	await signIn(page, mock);
	const visit = (name, path, ready, act) =>
		t.test(name, async () => {
			await page.goto(mock.url + path);
			await ready(page).first().waitFor();
			await settled(page);
			if (act) await act(page);
			await look(page, name);
		});
	const heading = (name) => (p) => p.getByRole('heading', { name });

	await visit('find', '/', (p) => p.getByRole('combobox'));
	await visit('find, results', '/', (p) => p.getByRole('combobox'), async (p) => {
		await p.getByRole('combobox').fill('smith j');
		await p.getByRole('option').first().waitFor();
	});
	await visit('find, nobody', '/', (p) => p.getByRole('combobox'), async (p) => {
		await p.getByRole('combobox').fill('qqqqq');
		await p.getByText('Nobody by').waitFor();
	});
	await visit('card, simple', '/c/cus_1', heading('Sizes'));
	await visit('card, full', '/c/cus_1', heading('Sizes'), (p) => p.getByRole('button', { name: 'Full', exact: true }).click());
	await visit('card, how we know it', '/c/cus_1', heading('Sizes'), async (p) => {
		await p.getByRole('button', { name: /Looks at baby things/ }).click();
		await p.getByText('let it guide you').waitFor();
	});
	await visit('card, a fact marked as wrong', '/c/cus_1', heading('Sizes'), async (p) => {
		await p.getByRole('button', { name: /^Navy/ }).click();
		await p.getByRole('button', { name: 'This is wrong' }).click();
		await p.getByText('Marked as wrong: Navy').waitFor();
		await p.getByRole('button', { name: /^Navy/ }).waitFor({ state: 'detached' });
	});
	await visit('card, of nobody known', '/c/cus_5', heading('New to us'));
	await visit('find over the card', '/c/cus_1', heading('Sizes'), async (p) => {
		await p.keyboard.press('Control+k');
		await p.getByRole('dialog').getByRole('combobox').fill('smith');
		await p.getByRole('dialog').getByRole('option').first().waitFor();
	});
	await visit('shortcuts', '/c/cus_1', heading('Sizes'), async (p) => {
		await p.keyboard.press('?');
		await p.getByRole('dialog', { name: 'Keyboard shortcuts' }).waitFor();
	});
	await visit('timeline', '/c/cus_1/timeline', (p) => p.getByText('Show more'));
	await visit('timeline, an empty channel', '/c/cus_1/timeline', (p) => p.getByText('Show more'), async (p) => {
		await p.getByRole('button', { name: 'Social media' }).click();
		await p.getByText('Nothing by social media yet').waitFor();
	});
	await visit('orders', '/c/cus_1/orders', (p) => p.getByText('Purchase T-20417'), async (p) => {
		await p.getByText('Purchase T-20417').click();
		await p.getByText('Trainer Lowland').waitFor();
	});
	await visit('about', '/c/cus_1/about', heading('Household'));
	await visit('records', '/c/cus_1/records', heading('3 records'), (p) => p.getByRole('checkbox').nth(1).check());
	await visit('merge', '/c/cus_1/records', heading('3 records'), async (p) => {
		await p.getByRole('button', { name: 'Merge with…' }).click();
		await p.getByRole('combobox').fill('jón');
		await p.getByRole('option').first().click();
		await p.getByRole('button', { name: 'Merge', exact: true }).click();
		await p.getByRole('button', { name: 'Merge all the same' }).waitFor();
	});
	complaints.splice(0, complaints.length, ...complaints.filter((c) => !c.includes('409')));
	await visit('top', '/top', (p) => p.getByRole('table'));
	await visit('top, own period', '/top', (p) => p.getByRole('table'), async (p) => {
		await p.getByRole('button', { name: 'From … to …' }).click();
		await p.getByLabel('Channel').selectOption('phone');
		await p.getByText('Nobody bought in this period').waitFor();
	});
	await visit('identity review', '/review', heading('Side by side'), (p) => p.getByText('day and month swapped').waitFor());
	await visit('identity review, an undo', '/review', heading('Side by side'), async (p) => {
		await p.keyboard.press('n');
		await p.getByText('Kept apart: ').waitFor();
		await p.getByText('1 of 2').waitFor();
		await p.getByText('a generation apart').waitFor();
		await p.keyboard.press('u');
		await p.getByText('1 of 3').waitFor();
	});
	await visit('why', '/why?a=rec_r3&b=cus_1', heading('What speaks for one person'));
	await visit('imports', '/imports', (p) => p.getByRole('progressbar'));
	await visit('dead letters', '/imports/letters', (p) => p.getByText('Created at:'));
	await visit('users', '/users', (p) => p.getByText('Anna Meier'));
	await visit('users, add', '/users', (p) => p.getByText('Anna Meier'), async (p) => {
		await p.getByRole('button', { name: 'Add a user' }).click();
		await p.getByRole('button', { name: 'Add, and make the link' }).click();
		await p.getByText('Type the person’s name.').waitFor();
	});
	await visit('users, the link', '/users', (p) => p.getByText('Anna Meier'), async (p) => {
		await p.getByRole('button', { name: 'New link' }).nth(1).click();
		await p.getByLabel('One-time link', { exact: true }).waitFor();
	});
	await visit('keys', '/users/keys', (p) => p.getByText('Till Zürich'));
	await visit('keys, make', '/users/keys', (p) => p.getByText('Till Zürich'), (p) => p.getByRole('button', { name: 'Make a key' }).click());
	await visit('audit', '/audit', (p) => p.getByRole('table'));
	await visit('status', '/status', (p) => p.getByText('The search is ready'));
	await visit('no such page', '/nowhere', heading('Nothing at this address'));
	await visit('the account menu', '/', (p) => p.getByRole('combobox'), async (p) => {
		await p.getByRole('button', { name: /your account/ }).click();
		await p.getByRole('button', { name: 'Keyboard shortcuts' }).waitFor();
	});
	assert.deepEqual(complaints, []);
	await context.close();
});

test('what each role finds in the navigation', async () => {
	for (const [login, there, not] of [['felix', 'Queue', 'Find'], ['carla', 'Order', 'Shelves'], ['anna', 'Shelves', 'Audit']]) {
		const { page, context } = await openPage(browser);
		await page.goto(mock.url + '/');
		await page.getByLabel('Login').fill(login);
		await page.getByLabel('Password', { exact: true }).fill(mock.password);
		await page.keyboard.press('Enter');
		const nav = page.getByRole('navigation', { name: 'Main' }).first();
		await nav.waitFor();
		assert.equal(await nav.getByText(there, { exact: true }).count() > 0, true, `${login} sees ${there}`);
		assert.equal(await nav.getByText(not, { exact: true }).count(), 0, `${login} does not see ${not}`);
		await context.close();
	}
});

test('an operator sees no customers, an associate no imports', async () => {
	for (const [login, there, not] of [['otto', 'Imports', 'Find'], ['anna', 'Find', 'Imports']]) {
		const { page, context } = await openPage(browser);
		await page.goto(mock.url + '/');
		await page.getByLabel('Login').fill(login);
		await page.getByLabel('Password', { exact: true }).fill(mock.password);
		await page.keyboard.press('Enter');
		const nav = page.getByRole('navigation', { name: 'Main' });
		await nav.first().waitFor();
		assert.equal(await nav.first().getByText(there, { exact: true }).count() > 0, true, `${login} sees ${there}`);
		assert.equal(await nav.first().getByText(not, { exact: true }).count(), 0, `${login} does not see ${not}`);
		await page.goto(mock.url + (login === 'otto' ? '/c/cus_1' : '/imports'));
		await page.getByText('does not cover this screen').waitFor();
		await context.close();
	}
});
