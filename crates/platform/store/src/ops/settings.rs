//! How a user wants the pages.

use serde_json::Value;

use super::Ops;
use crate::{error::Result, shape};

impl Ops {
    /// A user's setting; `None` while it was never set.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn setting(&self, user: i64, key: &str) -> Result<Option<Value>> {
        let value = sqlx::query_scalar!("SELECT value FROM ops.settings WHERE user_id = $1 AND key = $2", user, key)
            .fetch_optional(&self.database.pool)
            .await?;
        Ok(value)
    }

    /// Sets a user's setting.
    ///
    /// # Errors
    /// When the database does not answer, or there is no such user.
    pub async fn set_setting(&self, user: i64, key: &str, value: &Value) -> Result<()> {
        sqlx::query!(
            "INSERT INTO ops.settings (user_id, key, value) VALUES ($1, $2, $3)
             ON CONFLICT (user_id, key) DO UPDATE SET value = excluded.value, updated_at = clock_timestamp()",
            user,
            key,
            shape::json("a setting", value)?,
        )
        .execute(&self.database.pool)
        .await?;
        Ok(())
    }
}
