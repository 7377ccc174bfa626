/** What an agency or a user of the service may name as its reason, apart from the schemas so that the officer's page can have it. */

/** Decree 69/2024, Art. 15. */
export const AGENCY_GROUNDS = [
  'agency_request',
  'breach_of_terms',
  'travel_document_expired',
  'residence_ended',
  'holder_deceased',
] as const;
