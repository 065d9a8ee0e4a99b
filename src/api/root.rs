//! The roots of queries and mutations, in which a fault stays where it happened.
//!
//! A field that may be null is null when its resolver fails, and what stands beside it is answered. The library does
//! so for a field whose value is a list of results, but not for one whose resolver returns
//! `Result<Option<T>, Fault>`: there the error takes the whole object along. On the roots that object is all of `data`.

use std::borrow::Cow;

use async_graphql::parser::types::Field;
use async_graphql::registry::Registry;
use async_graphql::resolver_utils::resolve_container;
use async_graphql::{
    ContainerType, Context, ContextSelectionSet, ObjectType, OutputType, Positioned, ServerResult, Value,
};

/// A root.
#[derive(Debug, Default)]
pub struct Root<T>(pub T);

impl<T: ObjectType> OutputType for Root<T> {
    fn type_name() -> Cow<'static, str> {
        T::type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        T::create_type_info(registry)
    }

    async fn resolve(&self, ctx: &ContextSelectionSet<'_>, _: &Positioned<Field>) -> ServerResult<Value> {
        resolve_container(ctx, self).await
    }
}

impl<T: ObjectType> ContainerType for Root<T> {
    async fn resolve_field(&self, ctx: &Context<'_>) -> ServerResult<Option<Value>> {
        match self.0.resolve_field(ctx).await {
            Err(error) if is_nullable::<T>(ctx) => {
                ctx.add_error(error);
                Ok(Some(Value::Null))
            }
            resolved => resolved,
        }
    }
}

impl<T: ObjectType> ObjectType for Root<T> {}

fn is_nullable<T: OutputType>(ctx: &Context<'_>) -> bool {
    let fields = ctx.schema_env.registry.types.get(T::type_name().as_ref());
    let field = fields.and_then(|fields| fields.field_by_name(&ctx.item.node.name.node));
    field.is_some_and(|field| !field.ty.ends_with('!'))
}
