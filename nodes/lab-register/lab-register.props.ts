import type { RegisterProps } from '../shared/register.props';

export type LabRegisterProps = RegisterProps;
