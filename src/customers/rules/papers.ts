/** A page as it is numbered when it is printed. */
export interface PaperPage {
  /** Counted through the whole file. */
  readonly number: number;
  readonly side: 'FRONT' | 'BACK';
  /** Where the number stands. */
  readonly position: 'TOP_RIGHT' | 'TOP_LEFT';
}

/**
 * The pages of a paper in a file: numbered in sequence in file order; bound volumes carry the number at the top right of
 * the front and the top left of the back of each leaf (CUS-13). A paper begins on a leaf of its own.
 */
export function pagesOf({ pageCount, lastPage }: { pageCount: number; lastPage: number }): PaperPage[] {
  return Array.from({ length: pageCount }, (_, place) => {
    const number = lastPage - pageCount + 1 + place;
    return place % 2 === 0
      ? { number, side: 'FRONT', position: 'TOP_RIGHT' }
      : { number, side: 'BACK', position: 'TOP_LEFT' };
  });
}
