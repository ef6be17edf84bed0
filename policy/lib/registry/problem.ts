/** Why nothing can be said about an image, and what a person does about it. */
export class ImageProblem extends Error {
  /**
   * @param what what is wrong, where, in one clause
   * @param remedy what to do: whole sentences
   */
  constructor(
    what: string,
    readonly remedy: string,
  ) {
    super(what);
  }
}
