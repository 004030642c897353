/* The look: bottle green and brass on quiet stone; names set in a serif, everything else in a plain friendly sans.
 * vite.config.ts turns this into one static style sheet, so that the content security policy needs no inline style. */
import { createTheme, type CSSVariablesResolver, type MantineColorsTuple } from '@mantine/core';

const bottle: MantineColorsTuple = [
	'#edf5f1', '#d8e9e1', '#b4d4c6', '#8abda8', '#60a389', '#3f8a6f', '#2d7359', '#235e49', '#1b4b3b', '#12372b',
];
const brass: MantineColorsTuple = [
	'#fdf4df', '#f8e6bb', '#f0d08a', '#e5b658', '#d9a441', '#ba8222', '#946412', '#775010', '#5c3e0d', '#412b08',
];
const garnet: MantineColorsTuple = [
	'#fcefed', '#f8dcd8', '#efb6af', '#e48c82', '#d6645a', '#c0463d', '#a5362e', '#892b25', '#6b211c', '#4d1713',
];

export const theme = createTheme({
	colors: { bottle, brass, garnet },
	primaryColor: 'bottle',
	primaryShade: { light: 7, dark: 6 },
	white: '#ffffff',
	black: '#1a211d',
	fontFamily: "'Figtree Variable', system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', sans-serif",
	fontFamilyMonospace: "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace",
	headings: {
		fontFamily: "'Figtree Variable', system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', sans-serif",
		fontWeight: '650',
	},
	defaultRadius: 'md',
	radius: { xs: '4px', sm: '6px', md: '10px', lg: '14px', xl: '20px' },
	cursorType: 'pointer',
	respectReducedMotion: true,
	components: {
		Button: { defaultProps: { size: 'md' } },
		TextInput: { defaultProps: { size: 'md' } },
		PasswordInput: { defaultProps: { size: 'md' } },
		Textarea: { defaultProps: { size: 'md' } },
		Select: { defaultProps: { size: 'md', comboboxProps: { shadow: 'md' } } },
		MultiSelect: { defaultProps: { size: 'md' } },
		Checkbox: { defaultProps: { size: 'md' } },
		/* Locking the scroll would insert a style element; styles/base.css does it. */
		Modal: {
			defaultProps: {
				lockScroll: false, radius: 'lg',
				transitionProps: { duration: 120 }, overlayProps: { backgroundOpacity: 0.5 },
			},
		},
		Popover: { defaultProps: { radius: 'md', shadow: 'md', transitionProps: { duration: 100 } } },
	},
});

const light = {
	'--mantine-color-body': '#f4f4f0',
	'--mantine-color-text': '#1a211d',
	'--mantine-color-dimmed': '#57605a',
	'--mantine-color-placeholder': '#6a736d',
	'--mantine-color-default-border': '#c9ccc5',
	'--mantine-color-default-hover': '#f1f3ee',
	'--mantine-color-disabled': '#e4e6df',
	'--mantine-color-disabled-color': '#7a827c',
	'--mantine-color-disabled-border': '#d3d6cf',
	'--mantine-color-anchor': '#235e49',
	'--mantine-color-error': '#a5362e',
	'--bn-surface': '#ffffff',
	'--bn-sunken': '#ecece6',
	'--bn-hover': '#f1f3ee',
	'--bn-line': '#e0e1da',
	'--bn-edge': '#868e88',
	'--bn-strong': '#235e49',
	'--bn-hello': '#1b4b3b',
	'--bn-hello-text': '#f6f3e9',
	'--bn-hello-dim': '#bfd6cb',
	'--bn-hello-line': '#3a6a58',
	'--bn-hello-chip': '#255c49',
	'--bn-attend': '#fdf4df',
	'--bn-attend-line': '#e5b658',
	'--bn-attend-text': '#5c3e0d',
	'--bn-avoid': '#fcefed',
	'--bn-avoid-line': '#e48c82',
	'--bn-avoid-text': '#892b25',
	'--bn-good': '#edf5f1',
	'--bn-good-text': '#1b4b3b',
	'--bn-fresh': '#f8e6bb',
	'--bn-focus': '#946412',
};
const dark = {
	'--mantine-color-body': '#121614',
	'--mantine-color-text': '#e9ede9',
	'--mantine-color-dimmed': '#a7b1ab',
	'--mantine-color-placeholder': '#8f9a94',
	'--mantine-color-default': '#1e2421',
	'--mantine-color-default-hover': '#28302c',
	'--mantine-color-default-color': '#e9ede9',
	'--mantine-color-default-border': '#47514b',
	'--mantine-color-anchor': '#8abda8',
	'--mantine-color-error': '#efa59c',
	'--bn-surface': '#1b201d',
	'--bn-sunken': '#0d100f',
	'--bn-hover': '#242b27',
	'--bn-line': '#2f3733',
	'--bn-edge': '#758079',
	'--bn-strong': '#8abda8',
	'--bn-hello': '#193c31',
	'--bn-hello-text': '#f6f3e9',
	'--bn-hello-dim': '#b4d4c6',
	'--bn-hello-line': '#34604f',
	'--bn-hello-chip': '#24503f',
	'--bn-attend': '#2e2412',
	'--bn-attend-line': '#8a6420',
	'--bn-attend-text': '#f3d694',
	'--bn-avoid': '#331a18',
	'--bn-avoid-line': '#8e3f38',
	'--bn-avoid-text': '#f3b6ae',
	'--bn-good': '#17332a',
	'--bn-good-text': '#b4d4c6',
	'--bn-fresh': '#4a3a17',
	'--bn-focus': '#e5b658',
};
const darkScale = [
	'#e9ede9', '#c5cdc8', '#a7b1ab', '#758079', '#47514b', '#2f3733', '#1e2421', '#181d1a', '#121614', '#0d100f',
];

export const cssVariables: CSSVariablesResolver = () => ({
	variables: {},
	light,
	dark: { ...dark, ...Object.fromEntries(darkScale.map((c, i) => [`--mantine-color-dark-${i}`, c])) },
});
