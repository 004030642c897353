import { useMemo } from 'react';
import { url } from '../api/client';
import type { Associate, Page, Store } from '../api/types';
import { useData } from '../api/useData';

const NONE: Store[] = [];
/** Stores of the chain; empty while loading. */
export function useStores(): Store[] {
	return useData<Page<Store>>(url('stores')).data?.items ?? NONE;
}
/** The zone of each store, to tell what happened there in its own time. */
export function useZones(): Map<string, string> {
	const stores = useStores();
	return useMemo(() => new Map(stores.map((s) => [s.id, s.zone])), [stores]);
}
export function useAssociates(): Associate[] {
	return useData<Page<Associate>>(url('associates')).data?.items ?? [];
}
