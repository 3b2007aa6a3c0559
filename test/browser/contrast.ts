/** Whether texts can be read: the contrast that WCAG 2.2 asks for (1.4.3, level AA), on what the browser has drawn. */
import type { Page } from 'playwright-core';

/** Texts with less than 4.5 : 1 between letters and what is behind them, with their ratio. Transparency is not met here. */
export function faintTexts(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const least = 4.5;
    const channels = (colour: string) => (colour.match(/[\d.]+/g) ?? []).map(Number);
    const luminance = (colour: string) => {
      const [red = 0, green = 0, blue = 0] = channels(colour).map((value) => {
        const share = value / 255;
        return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
      });
      return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    };
    const behind = (element: Element): string => {
      for (let one: Element | null = element; one !== null; one = one.parentElement) {
        const { backgroundColor } = getComputedStyle(one);
        if (channels(backgroundColor)[3] !== 0) return backgroundColor;
      }
      return 'rgb(255, 255, 255)';
    };
    const ownText = (element: Element) =>
      [...element.childNodes]
        .flatMap((node) => (node instanceof Text ? node.data.trim() : []))
        .join(' ')
        .trim();
    return [...document.body.querySelectorAll('*')].flatMap((element) => {
      const text = ownText(element);
      if (text === '' || !element.checkVisibility() || element.matches('script, :disabled')) return [];
      const pair = [luminance(getComputedStyle(element).color), luminance(behind(element))];
      const ratio = (Math.max(...pair) + 0.05) / (Math.min(...pair) + 0.05);
      return ratio < least ? [`${text}: ${ratio.toFixed(2)}`] : [];
    });
  });
}
