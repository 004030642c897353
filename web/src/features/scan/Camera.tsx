/* Reads a bar code with the camera of the device. Pictures stay in the page; only the code leaves it. */
import { useEffect, useRef, useState } from 'react';
import { Dialog } from '../../ui/Dialog';
import css from './Scan.module.css';

interface Detector { detect: (from: HTMLVideoElement) => Promise<{ rawValue: string }[]> }
interface DetectorClass { new (o: { formats: string[] }): Detector; getSupportedFormats: () => Promise<string[]> }
const FORMATS = ['ean_13', 'ean_8', 'upc_a', 'upc_e', 'code_128', 'code_39', 'itf', 'qr_code'];
const LOOK_MS = 150;

export function Camera({ onCode, onClose }: { onCode: (code: string) => void; onClose: () => void }) {
	const video = useRef<HTMLVideoElement>(null);
	const latest = useRef(onCode);
	const [problem, setProblem] = useState('');
	useEffect(() => {
		latest.current = onCode;
	});
	useEffect(() => {
		let over = false;
		let stream: MediaStream | undefined;
		let timer: ReturnType<typeof setTimeout> | undefined;
		const stop = () => stream?.getTracks().forEach((t) => t.stop());
		async function start() {
			const Reader = (window as unknown as { BarcodeDetector: DetectorClass }).BarcodeDetector;
			const able = await Reader.getSupportedFormats();
			const detector = new Reader({ formats: FORMATS.filter((f) => able.includes(f)) });
			stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: 'environment' } });
			if (over) return stop();
			const el = video.current;
			if (!el) return;
			el.srcObject = stream;
			await el.play();
			const look = async () => {
				const [hit] = await detector.detect(el).catch(() => []);
				if (over) return;
				if (hit) latest.current(hit.rawValue);
				else timer = setTimeout(() => void look(), LOOK_MS);
			};
			void look();
		}
		start().catch((e: unknown) => {
			const refused = e instanceof DOMException && e.name === 'NotAllowedError';
			if (!over) setProblem(refused ? 'The browser may not use the camera. Allow it for this page, or type the code.' : 'The camera cannot be used here. Type the code instead.');
		});
		return () => {
			over = true;
			clearTimeout(timer);
			stop();
		};
	}, []);
	return (
		<Dialog opened onClose={onClose} title="Scan a code">
			{problem ? <p role="alert">{problem}</p> : <video ref={video} className={css.video} muted playsInline aria-label="What the camera sees" />}
			<p className="dim small">Hold the code flat and well lit.</p>
		</Dialog>
	);
}
