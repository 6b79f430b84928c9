//! What every backend has to do, as tests that take any store.
//!
//! ```text
//! async fn fresh_sqlite() -> Fresh { /* an empty store, and what must outlive it */ }
//! jeton_store::conformance!(fresh_sqlite);
//! ```
//!
//! A backend whose server may be missing answers an `Option<Fresh>`, and none passes over the case.
//!
//! A case that is written but not named in the list below is dead code, which the compiler points out.

mod accounts;
mod administering;
mod audit;
mod authenticators;
mod clients;
mod contention;
mod devices;
mod fixture;
mod grants;
mod keys;
mod logouts;
mod mails;
mod marks;
mod one_time;
mod refresh;
mod resets;
mod revocations;
mod session_clients;
mod sessions;
mod sign_ins;
mod status;
mod sweeping;
mod users;

pub use fixture::Fresh;

use std::sync::Arc;

use jeton_authority::store::Store;

/// Puts rows of every kind into every table of an empty store. Its keys are encrypted with the master key of 32 bytes that are 1.
pub async fn fill(store: Arc<dyn Store>) {
    Fresh::shared(store, ()).filled().await;
}

/// Makes [`run`] and the macro that names each case as a test of its own out of one list.
macro_rules! cases {
    ($dollar:tt $($module:ident { $($case:ident,)* })*) => {
        /// Runs one case on a fresh store.
        pub async fn run(module: &str, case: &str, fresh: Fresh) {
            match (module, case) {
                $($((stringify!($module), stringify!($case)) => $module::$case(&fresh).await,)*)*
                _ => panic!("there is no case {case} about {module}"),
            }
        }

        /// Tests a backend. Takes the name of an async function that returns a [`Fresh`](conformance::Fresh) store, or none.
        #[macro_export]
        macro_rules! conformance {
            ($dollar fresh:ident) => {
                $(mod $module {
                    $(#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
                    async fn $case() {
                        let fresh = Option::<$dollar crate::conformance::Fresh>::from(super::$dollar fresh().await);
                        if let Some(fresh) = fresh {
                            $dollar crate::conformance::run(stringify!($module), stringify!($case), fresh).await;
                        }
                    })*
                })*
            };
        }
    };
}

cases! { $
    users {
        a_user_is_found_as_it_was_added,
        changed_attributes_take_the_place_of_all,
        names_are_compared_exactly,
        a_name_is_taken_once,
        a_new_name_that_looks_like_another_is_refused,
        names_that_look_alike_are_found_together_the_very_name_first,
        an_imported_key_is_taken_once,
        users_are_listed_by_name_in_pages,
        disabling_ends_every_grant_of_the_user,
        disabling_twice_is_disabling_once,
        enabling_leaves_ended_grants_ended,
        what_was_forgotten_to_have_ended_is_ended_again_and_a_newer_change_stays,
        a_changed_password_ends_all_grants_of_the_user_alone,
        rehashing_changes_neither_grants_nor_the_epoch,
        rehashing_yields_to_a_change_of_password,
        an_expired_grant_does_not_count_as_ended,
        changes_to_an_unknown_user_say_so,
    }
    accounts {
        imported_users_are_added_each_for_itself,
        nobody_has_the_identifier_of_another_as_a_key,
        an_update_changes_what_changed_elsewhere,
        users_swap_their_names_and_a_taken_one_changes_nothing,
        of_many_updates_at_once_each_name_goes_to_one,
        an_address_is_changed_and_taken_away,
        a_removed_user_is_found_by_nobody_and_their_grants_have_ended,
        who_wants_to_leave_is_removed_when_their_time_has_come,
        who_changes_their_mind_is_not_removed,
        the_trail_is_read_by_user_time_and_place,
    }
    grants {
        an_opened_grant_stands,
        a_grant_comes_back_as_it_was_opened,
        what_an_authorization_fixed_comes_back_as_it_was_written,
        a_grant_opens_only_while_the_verified_password_holds,
        a_grant_ends_once,
        signing_out_a_user_ends_all_of_their_grants,
        what_was_allowed_before_a_user_signed_out_everywhere_opens_nothing,
        lists_leave_out_what_has_ended,
        grants_are_listed_in_pages,
        the_grants_of_one_user_are_listed_alone,
    }
    refresh {
        the_first_refresh_advances_even_at_once,
        the_current_token_stands_still_within_the_grace,
        the_token_before_stands_still_within_the_grace_at_home,
        the_token_before_is_excused_within_the_grace_from_elsewhere,
        the_current_token_advances_after_the_grace,
        the_token_before_is_excused_after_the_grace,
        the_same_parent_is_excused_again_and_counted_once,
        the_token_before_ends_the_grant_when_no_excuse_is_left,
        an_older_token_ends_the_grant_even_within_the_grace,
        two_clean_advances_bring_the_excuses_back,
        a_token_ahead_of_the_store_is_taken_over,
        a_token_ahead_of_the_store_advances_after_the_grace,
        without_grace_and_excuses_each_token_works_once,
        any_spent_token_of_a_bound_grant_is_a_retry_where_its_key_was_proved,
        who_may_not_use_a_token_changes_nothing,
        a_refresh_answers_with_all_that_minting_needs,
        an_imported_key_is_the_subject,
        an_unknown_grant_is_unknown,
        an_ended_grant_is_revoked,
        a_grant_expires_at_its_second,
        a_disabled_user_is_told_apart,
        every_step_is_the_one_that_the_rules_decide,
    }
    clients {
        a_client_comes_back_as_it_was_added,
        an_identifier_is_taken_once,
        a_changed_client_stays_the_same_client,
        removing_a_client_ends_its_grants_and_forgets_what_it_was_allowed,
        removing_a_client_ends_no_session_of_the_token_api,
        the_sweep_ends_what_is_left_of_a_removed_client,
        a_client_that_is_added_again_begins_with_nothing,
        clients_are_listed_in_pages,
        a_consent_is_what_was_given_last,
        consents_are_listed_by_client,
        a_client_whose_consent_is_withdrawn_loses_its_grants_for_the_user,
        the_audit_names_the_client_and_who_changed_it,
        of_a_hundred_additions_one_adds_the_client,
        of_a_hundred_changes_of_one_version_one_is_made,
    }
    sessions {
        a_session_is_found_as_it_was_opened,
        a_session_opens_only_while_the_verified_password_holds,
        a_session_expires_at_its_second,
        a_session_lasts_only_while_it_is_used,
        a_session_ends_once,
        the_end_of_a_session_ends_the_grants_that_came_from_it,
        a_session_dies_with_a_changed_password,
        the_session_that_is_kept_outlives_what_ends_the_others,
        only_a_session_of_the_user_that_holds_can_be_kept,
        a_session_dies_with_the_disabling_of_its_user,
        a_session_dies_with_signing_out_everywhere,
        a_new_session_of_the_same_user_takes_the_grants_over,
        a_grant_opens_in_the_session_that_took_the_place_of_its_own,
        a_session_that_was_idle_for_too_long_hands_its_grants_on,
        a_session_that_its_browser_never_heard_of_is_replaced_with_the_one_before,
        a_secret_leads_to_what_signing_out_with_it_ends,
        of_a_hundred_sign_ins_at_one_browser_one_session_is_left_with_the_grants,
        a_new_session_of_another_user_ends_the_old_one_with_its_grants,
        a_session_that_was_not_opened_replaces_nothing,
        a_grant_opens_only_while_its_session_holds,
        live_sessions_are_listed_the_newest_first,
        the_live_sessions_of_everybody_are_listed_in_pages,
        a_list_of_grants_names_the_session_that_each_ends_with,
        of_a_hundred_ends_one_ends_the_session,
    }
    sign_ins {
        a_network_is_known_once_it_was_noted_and_for_this_user_alone,
        of_a_users_networks_those_that_were_noted_last_are_kept,
        known_networks_are_swept_in_small_steps,
        an_unknown_network_is_one_of_its_own,
        noting_for_a_user_that_does_not_exist_changes_nothing,
        of_a_hundred_sign_ins_at_once_one_network_is_noted,
        one_hash_of_each_kind_is_found_among_many,
    }
    authenticators {
        an_app_is_a_factor_of_its_user_once_it_is_confirmed,
        setting_up_goes_on_with_the_same_secret_until_it_is_given_up,
        a_code_counts_once_and_its_user_is_told_apart,
        wrong_codes_are_remembered_and_slow_down_those_that_follow,
        a_recovery_code_counts_once,
        a_changed_password_ends_the_sign_in_that_a_code_is_for,
        removing_leaves_nothing_and_so_does_removing_the_user,
        factors_of_nobody_are_none_and_stay_so,
        of_a_hundred_callers_with_one_code_one_is_let_in,
        of_a_hundred_wrong_codes_at_once_five_are_looked_at,
        of_a_hundred_confirmations_one_adds_the_factor,
    }
    one_time {
        what_was_placed_can_be_looked_at,
        something_is_placed_once_until_its_time_is_over,
        one_text_of_each_kind_is_a_thing_of_its_own,
        something_is_redeemed_once,
        a_code_opens_one_grant,
        a_replayed_code_ends_the_grant_that_it_gave,
        a_code_that_its_owner_repeats_within_the_grace_ends_nothing,
        a_code_in_the_wrong_hands_ends_what_it_gave_but_is_not_spoilt_before,
        a_code_expires_at_its_second,
        only_a_code_is_exchanged_for_a_grant,
        a_code_is_used_up_though_its_grant_cannot_be_opened,
        of_a_hundred_redeemers_of_a_code_one_opens_a_grant_and_the_others_end_nothing,
        of_a_hundred_with_one_identifier_one_places_it,
        of_a_hundred_with_one_request_one_redeems_it,
        a_kept_request_gives_one_code_and_is_remembered,
        a_kept_request_is_prolonged_until_it_is_answered,
        of_a_hundred_browsers_with_one_kept_request_one_gets_a_code,
        no_grant_outlives_the_session_whose_end_its_code_raced,
    }
    devices {
        a_waiting_device_is_found_by_its_user_code,
        a_user_code_is_taken_until_its_time_is_over,
        a_device_is_told_what_was_decided,
        a_device_that_asks_too_often_has_to_slow_down,
        a_decision_counts_once,
        what_was_decided_about_a_device_is_known_as_long_as_its_code,
        a_device_code_expires_at_its_second,
        an_approved_device_code_opens_one_grant,
        the_code_of_a_device_is_for_its_client_alone,
        only_an_approved_device_code_opens_a_grant,
        an_approval_falls_with_the_credentials_it_was_given_on,
        of_a_hundred_decisions_about_a_device_one_counts,
        a_device_code_that_is_spent_opens_no_grant,
        of_a_hundred_redeemers_of_a_device_code_one_opens_a_grant,
    }
    revocations {
        whatever_ends_a_grant_is_an_event,
        what_ends_no_grant_is_no_event,
        changed_claims_make_the_tokens_stale_that_carry_them,
        a_changed_address_makes_the_tokens_stale_that_say_it,
        changed_accounts_make_tokens_stale_too,
        a_changed_client_is_one_event_however_many_grants_it_has,
        a_token_that_is_revoked_by_its_name_is_an_event_once,
        of_a_hundred_revocations_of_a_token_one_is_an_event,
        the_withdrawal_of_a_published_key_is_an_event,
        what_ends_sign_ins_is_an_event_of_which_apis_are_not_told,
        a_history_keeps_its_name,
        old_events_are_swept_in_small_steps,
        of_a_hundred_endings_each_is_an_event_once,
    }
    status {
        a_place_is_one_tokens_until_it_is_free,
        what_events_say_of_a_token_is_found,
        free_places_at_the_end_are_swept_in_small_steps,
        of_a_hundred_tokens_at_once_each_has_a_place_of_its_own,
    }
    logouts {
        the_end_of_a_session_is_noted_for_clients_that_want_to_hear_of_it,
        a_sign_out_says_how_many_clients_will_be_told,
        disabling_is_noted,
        signing_out_everywhere_is_noted,
        a_changed_password_is_noted_but_for_the_session_that_was_kept,
        another_user_in_the_browser_is_noted,
        what_ends_a_grant_alone_is_not_noted,
        a_grant_that_somebody_else_ends_is_noted_once,
        clients_hear_of_users_by_the_subject_of_their_tokens,
        the_longest_overdue_come_first,
        one_client_does_not_stand_in_the_way_of_others,
        a_failed_delivery_puts_off_all_that_is_due_at_its_client,
        a_delivery_is_due_until_it_is_finished,
        a_claimed_delivery_is_nobody_elses_until_its_time_is_over,
        claimed_deliveries_count_against_their_client,
        of_a_hundred_servers_one_claims_a_delivery,
        a_client_that_does_not_listen_any_more_is_not_told,
        what_ended_at_once_is_noted_once,
    }
    session_clients {
        a_client_hears_of_the_end_of_a_session_though_its_grant_goes_on,
        a_client_that_gave_its_grant_back_hears_of_the_end_of_the_session,
        a_client_knows_a_session_by_one_name_however_often_it_signs_in_and_hears_once,
        a_name_that_was_told_to_have_ended_is_not_used_again,
        whatever_ends_a_users_sessions_is_told_to_those_who_know_them,
        a_code_is_worth_nothing_once_the_session_it_was_given_in_has_ended,
        of_a_hundred_first_sign_ins_to_a_client_all_have_one_name,
        a_client_that_is_removed_knows_no_session_any_more,
        a_later_grant_is_found_by_the_name_of_the_first,
        a_grant_from_before_has_a_name_of_its_own,
    }
    mails {
        a_mail_is_queued_to_the_address_that_the_user_has_at_that_moment,
        who_has_no_address_gets_no_mail,
        an_audited_change_queues_its_mail_once_that_is_wanted,
        a_mail_is_claimed_by_one_and_again_when_its_claim_is_over,
        what_is_settled_is_not_due_and_not_changed,
        a_mail_that_is_tried_again_waits_for_its_time,
        a_failed_mail_is_listed_tried_again_and_dropped,
        one_address_gets_so_many_of_a_kind_and_no_more,
        the_mails_of_a_removed_user_are_gone,
        mails_are_swept_after_their_time,
    }
    resets {
        a_request_comes_back_as_it_was_stored_with_its_mail,
        without_a_mail_the_request_is_nobodys_and_earlier_ones_go_on,
        a_newer_request_ends_the_one_before,
        the_time_of_a_link_begins_when_its_mail_was_sent,
        of_many_that_set_a_password_with_one_request_one_does,
        a_change_of_the_password_ends_the_request,
        wrong_codes_are_counted_at_once,
        users_are_found_by_their_address_whatever_its_case,
    }
    sweeping {
        every_table_comes_back_to_its_base_size,
        what_may_be_used_once_goes_when_it_expires_but_for_spent_codes,
        a_device_code_is_known_a_while_after_its_time,
        an_expired_session_is_kept_while_a_grant_ends_with_it,
        a_session_that_its_browser_still_holds_is_kept_until_it_has_come_with_the_next,
        sessions_that_are_needed_do_not_hide_others_from_the_sweep,
        the_sweep_of_one_kind_does_not_wait_for_another,
        the_sweep_goes_on_at_once_while_there_is_more,
        a_device_that_was_never_decided_frees_its_user_code,
        old_records_are_swept_in_small_steps,
        sweeping_removes_only_what_can_never_be_asked_for_again,
        sweeping_goes_in_small_steps,
    }
    keys {
        a_key_comes_back_as_it_was_added,
        keys_are_listed_in_the_order_they_were_made,
        an_addition_that_came_second_changes_nothing,
        the_purposes_have_their_own_newest_key,
        keys_for_id_tokens_follow_one_another_as_others_do,
        a_known_key_is_not_added_again,
        a_withdrawn_key_stays_listed,
        a_key_is_withdrawn_once,
    }
    audit {
        each_change_leaves_its_record,
        what_changes_nothing_leaves_no_record,
        a_refresh_is_recorded_only_where_it_was_not_plain,
        a_record_names_whom_and_what_it_concerns_and_who_did_it,
        every_change_is_by_who_asked_for_it,
        each_record_is_linked_to_the_one_before,
        a_hundred_writers_leave_an_unbroken_trail,
        the_trail_is_unbroken_after_old_records_went,
        a_record_comes_back_whoever_did_it_and_whatever_it_concerns,
        the_newest_records_come_first,
        users_are_shown_what_concerns_them_but_not_what_applications_cause,
        the_store_says_that_it_is_ready,
    }
    marks {
        a_change_of_keys_shows_and_so_does_one_of_clients_each_for_itself,
        a_hash_that_is_not_of_the_default_kind_shows,
        what_nobody_keeps_in_memory_changes_no_mark,
        nodes_that_were_seen_lately_are_counted,
    }
    administering {
        a_role_comes_back_as_it_was_given,
        a_change_is_made_as_a_whole_for_the_version_it_expects_and_is_recorded,
        nobody_acts_on_who_has_more_rights_or_gives_rights_that_they_do_not_have,
        the_last_owner_stays_but_for_the_command_line,
        of_owners_who_demote_each_other_at_once_one_stays,
        users_are_found_by_the_beginnings_of_their_names,
        names_that_are_longer_than_an_index_takes_are_found_too,
        administrators_are_listed,
    }
    contention {
        of_a_hundred_callers_with_one_token_one_advances_the_grant,
        of_a_hundred_callers_with_one_parent_one_excuse_is_counted,
        of_a_hundred_replays_one_ends_the_grant,
        of_a_hundred_sign_outs_one_ends_the_grant,
        no_refresh_is_granted_after_a_sign_out,
        no_refresh_is_granted_after_the_user_is_disabled,
        no_refresh_is_granted_after_a_change_of_password,
        a_grant_of_the_kept_session_is_refreshed_through_a_change_of_password,
        no_sign_in_outlives_the_disabling_it_raced,
        a_name_is_given_once,
        an_imported_key_is_given_once,
        of_a_hundred_first_keys_one_is_stored,
        of_a_hundred_withdrawals_one_withdraws,
        sweeps_at_once_remove_each_grant_once,
    }
}
