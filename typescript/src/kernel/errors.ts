/** Says which part of the input makes a simulation impossible. Repeating it cannot help. */
export class KernelInputError extends Error {
  override readonly name = 'KernelInputError';

  /**
   * @param field The input at fault, as in the contract.
   * @param problem What is wrong with it.
   */
  constructor(
    readonly field: string,
    readonly problem: string,
  ) {
    super(`${field}: ${problem}`);
  }
}
