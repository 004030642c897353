/* Every screen and state, three widths, light and dark: axe finds nothing, nothing scrolls sideways, the console stays
 * quiet. Against the mock, because it can show every state at will. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startMock } from '../../web/mock/server.mjs';
import { axe, launch, openPage, sideways, signIn, WIDTHS } from './browser.mjs';

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

/** In all widths, light and dark; unless BYNAME_WHOLE is set, axe looks at the first width only, and the others may not scroll. */
const WHOLE = Boolean(process.env.BYNAME_WHOLE);
async function look(page, name, widths = WIDTHS, dark = widths) {
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
const settled = (page) => page.waitForFunction(() => !document.querySelector('[aria-busy=true]'));

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

/** Controls too small for a thumb: all but links within a sentence, and boxes whose label is as good. */
const small = (page) =>
	page.evaluate(() =>
		[...document.querySelectorAll('main :is(button, a, input:not([type=checkbox], [type=radio]), select, summary)')]
			.filter((e) => !(e.tagName === 'A' && getComputedStyle(e).display === 'inline'))
			.map((e) => [e.getBoundingClientRect(), e])
			.filter(([r]) => r.width > 0 && (r.width < 43.5 || r.height < 43.5))
			.map(([r, e]) => `${e.tagName} “${e.textContent}”: ${r.width} × ${r.height}`));

/* A scanner is a quick hand: the code, and Enter. */
async function scan(page, label, code, said) {
	await page.getByRole('combobox', { name: label }).fill(code);
	await page.keyboard.press('Enter');
	await page.getByText(said).first().waitFor();
}

test('orders and stock', async (t) => {
	const { page, context, complaints } = await openPage(browser);
	await signIn(page, mock);
	const ask = (path) => page.evaluate(async (u) => (await fetch('/v1/' + u)).json(), path);
	const order = async (number) => '/o/' + (await ask('orders?number=' + number)).items[0].id;
	const sku = async (code) => (await ask('skus?q=' + code)).items[0].id;
	/* glance: a state of a screen that another visit looks at in all widths. */
	const see = (widths) => (name, path, ready, act) =>
		t.test(name, async () => {
			await page.setViewportSize(WIDTHS[1]);
			await page.goto(mock.url + (typeof path === 'string' ? path : await path()));
			await ready(page).first().waitFor();
			await settled(page);
			if (act) await act(page);
			await look(page, name, widths, widths.slice(0, 1));
			assert.deepEqual(await small(page), [], `${name}: less than 44 px for a thumb`);
		});
	const [visit, glance] = [see(WIDTHS), see(WIDTHS.slice(0, 1))];
	const heading = (name) => (p) => p.getByRole('heading', { name });
	const button = (name) => (p) => p.getByRole('button', { name });

	await visit('order, in all stages', () => order('B-1042'), heading('What happened'));
	await glance('order, more for a part', () => order('B-1042'), heading('What happened'), async (p) => {
		await p.getByRole('button', { name: /^More for Merino/ }).click();
		await p.getByRole('button', { name: 'Not to be found' }).waitFor();
	});
	await glance('order, a pick and its undo', () => order('B-1042'), heading('What happened'), async (p) => {
		await p.getByRole('button', { name: 'Pick', exact: true }).click();
		await p.getByText('2 pieces picked').waitFor();
		await p.getByText('2 picked').first().waitFor();
		await p.getByRole('button', { name: 'Undo' }).click();
		await p.getByRole('button', { name: 'Pick', exact: true }).waitFor();
	});
	await glance('order, take payment', () => order('B-1042'), heading('What happened'), async (p) => {
		await p.getByRole('button', { name: 'Take payment' }).first().click();
		await p.getByLabel('Amount').fill('abc');
		await p.getByRole('button', { name: 'It is paid' }).click();
		await p.getByText('Type an amount').waitFor();
	});
	await glance('order, partly brought back', () => order('B-1043'), button('Fine, to the shelf'));
	await glance('order, a quote', () => order('B-1044'), button('Make it an order'));
	await glance('order, where from', () => order('B-1044'), button('Make it an order'), async (p) => {
		await p.getByRole('button', { name: 'Make it an order' }).click();
		await p.getByRole('radio').first().waitFor();
	});
	await glance('order, money owed and on its way', () => order('B-1045'), button('It arrived'));
	await glance('order, cancelled', () => order('B-1046'), heading('What happened'));
	await glance('order, of a till', () => order('T-20417'), heading('Purchase T-20417'));
	await glance('new order, empty', '/o/new', heading('New order'));
	await glance('new order, choosing', '/o/new', heading('New order'), async (p) => {
		await p.getByRole('combobox', { name: 'Add an article' }).fill('lowl');
		await p.getByRole('listbox').getByRole('option').first().waitFor();
	});
	await glance('new order, no such code', '/o/new', heading('New order'), (p) => scan(p, 'Add an article', '4006381333931', 'No article by this code'));
	await visit('new order', '/o/new?customer=cus_1', heading('New order'), async (p) => {
		await scan(p, 'Add an article', 'LOW-42-NAV', 'LOW-42-NAV');
		await scan(p, 'Add an article', 'MER-M-OAT', 'MER-M-OAT');
		await p.getByText('Discount, shipping').click();
		await p.getByLabel('Discount on all of it').fill('10 %');
		await p.getByText('−€24.70').waitFor();
		await p.getByRole('button', { name: 'Card', exact: true }).click();
		await p.getByRole('button', { name: 'Place the order, €222.30' }).waitFor();
	});
	await glance('new order, placed', '/o/new', heading('New order'), async (p) => {
		await scan(p, 'Add an article', 'SILK-TEA', 'SILK-TEA');
		await p.getByRole('button', { name: 'Cash', exact: true }).click();
		await p.getByRole('button', { name: /^Place the order, / }).click();
		await p.getByText('Ordered, and paid').waitFor();
		await p.getByRole('heading', { name: 'What happened' }).waitFor();
	});
	await glance('return', async () => (await order('B-1043')) + '/return', heading('What comes back'), async (p) => {
		await scan(p, 'Scan what comes back', 'LOW-42-NAV', 'Comes back');
		await p.getByRole('button', { name: 'Take 1 piece back' }).waitFor();
		await p.getByRole('list', { name: 'Given back to' }).getByText('€149.00').waitFor();
	});
	await visit('exchange', async () => (await order('B-1043')) + '/return', heading('What comes back'), async (p) => {
		await scan(p, 'Scan what comes back', 'LOW-42-NAV', 'Comes back');
		await scan(p, 'Scan what comes back', 'MER-L-OAT', 'is not among what the customer has');
		await scan(p, 'Add what they take instead', 'LOW-43-NAV', 'Taken instead');
		await scan(p, 'Add what they take instead', 'MER-M-OAT', 'The customer pays');
	});
	await glance('return, nothing can come back', async () => (await order('B-1042')) + '/return', (p) => p.getByText('Nothing of it can come back'));
	await glance('returns', '/return?customer=cus_1', heading(/^Orders of/), async (p) => {
		await p.getByLabel('What comes back without a receipt').fill('SILK-TEA');
		await p.keyboard.press('Enter');
		await p.getByRole('button', { name: 'Take it back' }).click();
		await p.getByText('How much was given back?').waitFor();
	});
	await glance('stock, nothing asked', '/stock', heading('Stock'));
	await visit('stock', async () => '/stock?sku=' + (await sku('LOW-42-NAV')), (p) => p.getByRole('table'));
	await visit('stock, one cell', async () => '/stock?customer=cus_1&sku=' + (await sku('LOW-42-NAV')), (p) => p.getByRole('table'), async (p) => {
		await p.getByRole('button', { name: /Lowland, 42, navy in Zürich/ }).click();
		await p.getByText('Ship from Warehouse Dietikon', { exact: true }).waitFor();
		await p.getByRole('button', { name: /^Show what moved/ }).click();
		await p.getByText('commit: available').first().waitFor();
	});
	await glance('stock, held and let go', async () => '/stock?customer=cus_1&sku=' + (await sku('LOW-42-NAV')), (p) => p.getByRole('table'), async (p) => {
		await p.getByRole('button', { name: /Lowland, 42, navy in Lisboa/ }).click();
		await p.getByRole('button', { name: /^Hold ?: Pick up in Lisboa/ }).click();
		await p.getByText('held in Lisboa Chiado').waitFor();
		await p.getByRole('button', { name: 'Undo' }).click();
	});
	await visit('queue', '/queue', heading('Customer waiting'));
	await glance('queue, one lane and a hand-over', '/queue', heading('Customer waiting'), async (p) => {
		await p.getByRole('button', { name: /^Ready 1/ }).click();
		await p.getByRole('button', { name: /^Hand over/ }).click();
		await p.getByText('handed over').waitFor();
		await p.getByRole('button', { name: 'Undo' }).click();
		await p.getByRole('button', { name: /^Hand over/ }).waitFor();
	});
	await visit('pick list', '/queue/pick', heading('Pick list'), (p) => scan(p, 'Scan what you took', 'MER-M-OAT', 'Picked: 1 of'));
	await visit('counts', '/counts', heading('Counts'), async (p) => {
		await scan(p, 'Count an article', 'LOW-42-NAV', 'It is 1');
		await p.getByRole('button', { name: /^It is 1/ }).click();
		await p.getByText('1 counted.').waitFor();
	});
	await glance('transfers', '/counts/transfers?transfer=trf_1', (p) => p.getByText('6 pieces on the way'), (p) => scan(p, 'Scan what is in the box', 'MER-M-OAT', '2 pieces missing'));
	await glance('transfers, ask', '/counts/transfers', button('Ask another place'), async (p) => {
		await p.getByRole('button', { name: 'Ask another place' }).click();
		await p.getByLabel('Ask', { exact: true }).waitFor();
	});
	await visit('holds', '/counts/holds', button(/^Two days more/));
	assert.deepEqual(complaints, []);
	await context.close();
});

test('sold and taken back by keyboard alone', async () => {
	const { page, context, complaints } = await openPage(browser);
	await signIn(page, mock);
	await page.goto(mock.url + '/o/new');
	const focused = () => page.evaluate(() => document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.textContent ?? '');
	async function tabTo(wanted, most = 60) {
		for (let i = 0; i < most; i++) {
			if (wanted.test(await focused())) return;
			await page.keyboard.press('Tab');
		}
		assert.fail(`the Tab key does not reach ${wanted}; it is at “${await focused()}”`);
	}
	// The field for the scanner has the focus already: two codes as fast as they come, then the money.
	await page.getByRole('combobox', { name: 'Add an article' }).waitFor();
	await page.keyboard.type('MER-XL-OAT');
	await page.keyboard.press('Enter');
	await page.keyboard.type('MER-XL-OAT');
	await page.keyboard.press('Enter');
	await page.getByRole('button', { name: 'Place the order, €196.00' }).waitFor();
	await tabTo(/^Cash$/);
	await page.keyboard.press('Enter');
	await tabTo(/^Place the order, €196/);
	await page.keyboard.press('Enter');
	await page.getByText('Ordered, and paid').waitFor();
	await page.getByText('2 with the customer').waitFor();

	await tabTo(/^Return or exchange$/);
	await page.keyboard.press('Enter');
	await page.getByRole('heading', { name: 'What comes back' }).waitFor();
	await page.keyboard.type('MER-XL-OAT');
	await page.keyboard.press('Enter');
	await page.getByRole('list', { name: 'Given back to' }).getByText('€98.00').waitFor();
	await tabTo(/^Take 1 piece back$/);
	await page.keyboard.press('Enter');
	await page.getByText('1 piece taken back, €98.00 given back').waitFor();
	await page.getByText('1 brought back').waitFor();
	assert.deepEqual(complaints, []);
	await context.close();
});

test('a code is read by the camera, where the browser can', async () => {
	const { page, context, complaints } = await openPage(browser);
	await page.addInitScript(() => {
		window.BarcodeDetector = class {
			static getSupportedFormats = () => Promise.resolve(['ean_13']);
			detect = () => new Promise((done) => setTimeout(() => done(window.shownCode ? [{ rawValue: window.shownCode }] : []), 50));
		};
		navigator.mediaDevices.getUserMedia = () => {
			const canvas = document.createElement('canvas');
			canvas.getContext('2d').fillRect(0, 0, 9, 9);
			return Promise.resolve(canvas.captureStream(10));
		};
	});
	await signIn(page, mock);
	await page.goto(mock.url + '/o/new');
	await page.getByRole('button', { name: 'Scan with the camera' }).click();
	await page.getByLabel('What the camera sees').waitFor();
	await look(page, 'camera', WIDTHS.slice(0, 1));
	await page.evaluate(() => {
		window.shownCode = 'SILK-TEA';
	});
	await page.getByRole('dialog').waitFor({ state: 'detached' });
	await page.getByRole('list', { name: 'In the order' }).getByText('Silk scarf').first().waitFor();
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
