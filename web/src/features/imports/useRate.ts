import { useEffect, useRef, useState } from 'react';
import type { ImportJob } from '../../api/types';

interface Rate { bytes: number; lines: number }
const WINDOW_MS = 15_000;

/** A second's worth of bytes and lines, over the last seconds that were watched. */
export function useRate(job: ImportJob): Rate | null {
	const seen = useRef<{ at: number; bytes: number; lines: number }[]>([]);
	const [rate, setRate] = useState<Rate | null>(null);
	const { bytes_done: bytes, lines, state } = job;
	useEffect(() => {
		const now = Date.now();
		seen.current = [...seen.current.filter((s) => now - s.at < WINDOW_MS), { at: now, bytes, lines }];
		const first = seen.current[0];
		const seconds = first ? (now - first.at) / 1000 : 0;
		if (first && seconds >= 0.5 && state === 'running') setRate({ bytes: (bytes - first.bytes) / seconds, lines: (lines - first.lines) / seconds });
	}, [bytes, lines, state]);
	return rate;
}
