//! What mutations of receivables and of claims have in common.

/// A mutation of one thing, and the same of many: what it is called, what it takes, and the field in which it shows the thing.
macro_rules! mutations {
    ($(
        #[doc = $doc:literal]
        #[doc = $all:literal]
        #[doc = $done:literal]
        $group:ident: $one:ident = $name:literal, $many:ident = $names:literal, $input:ident;
        $result:ident = $success:ident { $field:ident: $shown:ident = $what:literal };
        $batch:ident; $became:ident, $batched:ident, $batch_result:ident;
    )*) => {$(
        outcomes! {
            #[doc = $done]
            $result = $success {
                #[doc = $what]
                $field: $shown,
            }
        }

        batches! {
            #[doc = $done]
            $batch of $input;
            $became, $batched, $batch_result of $result;
        }

        #[doc = $doc]
        #[derive(Default)]
        pub struct $group;

        #[Object]
        impl $group {
            #[doc = $doc]
            async fn $one(
                &self,
                ctx: &Context<'_>,
                #[graphql(desc = "Which, and what.")] input: $input,
            ) -> Result<Option<$result>, Fault> {
                let call = Call::begin(ctx, $name, Scope::Admin, Reach::Tenant).await?;
                let key = input.idempotency_key.clone();
                Ok(Some(match call.run(&key, input.command()).await? {
                    Reply::Refused(refusal) => $result::Refused(refusal),
                    Reply::Done(done) => {
                        let $field = $shown((*done.value).clone());
                        $result::Done($success { $field, receipt: done.receipt.into() })
                    }
                }))
            }

            #[doc = $all]
            async fn $many(
                &self,
                ctx: &Context<'_>,
                #[graphql(desc = "Which, and what.")] input: $batch,
            ) -> Result<Option<$batch_result>, Fault> {
                let call = Call::begin(ctx, $names, Scope::Admin, Reach::Tenant).await?;
                $batch::run(&call, input, $input::command, |done| {
                    let $field = $shown((*done.value).clone());
                    $result::Done($success { $field, receipt: done.receipt.into() })
                })
                .await
            }
        }
    )*};
}

pub(crate) use mutations;
