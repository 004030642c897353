/* The screens of orders and stock, as screens.test.mjs; and with a keyboard, a scanner and a camera alone. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startMock } from '../../web/mock/server.mjs';
import { launch, openPage, signIn, WIDTHS } from './browser.mjs';
import { look, settled, small } from './look.mjs';

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
	await visit('order, changed: first what it does to the money', async () => (await order('B-1053')) + '/change', heading(/^Change order/), async (p) => {
		await p.getByRole('button', { name: /^One less of Merino/ }).click();
		await p.getByLabel(/^Where 1 piece of Trainer Lowland/).selectOption('ship sto_4');
		await p.getByText('Then to be given back').waitFor();
	});
	await glance('order, the change done', async () => (await order('B-1053')) + '/change', heading(/^Change order/), async (p) => {
		await p.getByRole('button', { name: /^One less of Merino/ }).click();
		await p.getByLabel(/^Where 1 piece of Trainer Lowland/).selectOption('ship sto_4');
		await scan(p, 'Add an article', 'SILK-TEA', 'new · Maré');
		await p.getByText('Then still to pay').waitFor();
		await p.getByRole('button', { name: 'Change the order' }).click();
		await p.getByText('The order is changed').waitFor();
		await p.getByText('Ship, Warehouse Dietikon').first().waitFor();
	});
	await glance('order, not to be changed any more', async () => (await order('B-1042')) + '/change', (p) => p.getByText('cannot be changed any more'));
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
	await glance('stock, put right and taken back', async () => '/stock?place=sto_2&sku=' + (await sku('LOW-42-NAV')), button('Adjust'), async (p) => {
		await p.getByRole('button', { name: 'Adjust' }).click();
		await p.getByRole('button', { name: 'Broken' }).click();
		await p.getByRole('button', { name: 'Take 1 off' }).click();
		await p.getByText('1 piece of Trainer Lowland, 42, navy broken').waitFor();
		await p.getByText('damaged', { exact: true }).waitFor();
		await p.getByRole('button', { name: 'Undo' }).click();
		await p.getByText('damaged', { exact: true }).waitFor({ state: 'detached' });
	});
	await visit('stock, who waits', async () => '/stock?customer=cus_1&place=sto_1&sku=' + (await sku('LOW-42-NAV')), (p) => p.getByText(/^offered in Zürich/), async (p) => {
		await p.getByRole('button', { name: 'Put them on the list' }).click();
		await p.getByText('On the waiting list').waitFor();
		await p.getByRole('button', { name: 'Undo' }).click();
		await p.getByRole('button', { name: 'Put them on the list' }).waitFor();
		await p.getByRole('button', { name: 'Safety and low stock' }).click();
	});
	await visit('low stock', '/counts/low', (p) => p.getByText('none left'));
	await glance('low stock, set at the shelf', '/counts/low', (p) => p.getByText('none left'), async (p) => {
		await p.getByRole('button', { name: /^At the shelf/ }).first().click();
		await p.getByRole('button', { name: 'Safety and low stock' }).click();
		await p.getByRole('button', { name: 'Never' }).click();
		await p.getByRole('button', { name: 'Save' }).click();
		await p.getByText(': saved').waitFor();
	});
	await visit('to settle', '/settle', (p) => p.getByText('too much on'));
	await glance('to settle, a sale found and a review ticked off', '/settle', (p) => p.getByText('too much on'), async (p) => {
		await p.getByRole('button', { name: /^Find the sale/ }).first().click();
		await p.getByLabel('Number of the order').fill('B-1043');
		await p.keyboard.press('Enter');
		await p.getByRole('button', { name: /^This one/ }).click();
		await p.getByText('the customer has none of it').waitFor();
		await p.keyboard.press('Escape');
		await p.getByRole('button', { name: /^It is settled/ }).click();
		await p.getByText('Nothing was given back beyond').waitFor();
	});
	complaints.splice(0, complaints.length, ...complaints.filter((c) => !c.includes('409')));
	await visit('queue', '/queue', heading('Customer waiting'));
	await glance('queue, what is on its way', '/queue', heading('Customer waiting'), async (p) => {
		await p.getByRole('button', { name: /^Shipped 1/ }).click();
		await p.getByText('sent 6 days ago').waitFor();
		await p.getByRole('button', { name: /^It arrived/ }).click();
		await p.getByText('Order B-1052: arrived').waitFor();
		await p.getByRole('button', { name: 'Undo' }).click();
	});
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
