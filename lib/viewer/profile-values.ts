/** The parameters of a viewer page that come from the profile: who asks, and for which institution. */
import { type ViewerPageName, viewerPages } from '../contract/services';
import type { ProfileSettings } from '../profile/profile';

/**
 * Only what the page lists and what is set: an empty OrganizationID would narrow the search to nothing. The GUID is
 * called CustomerGuid on one page, UserUID on two, and is absent on the fourth. UserPwd is sent only when set
 * (A-67).
 */
export function profileValues(
  page: ViewerPageName,
  settings: ProfileSettings,
  userPwd = '',
): Record<string, string> {
  const known: Record<string, string> = {
    CustomerGuid: settings.userGuid,
    UserUID: settings.userGuid,
    UserPwd: userPwd,
    UserOrganizationID: settings.userOrganizationId,
    UserOrganizationName: settings.userOrganizationName,
    OrganizationID: settings.organizationId,
  };
  const listed = new Set<string>(viewerPages[page].fields.map(field => field.name));
  return Object.fromEntries(Object.entries(known).filter(([name, value]) => value && listed.has(name)));
}
