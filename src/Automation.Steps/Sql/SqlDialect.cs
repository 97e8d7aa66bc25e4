using System.Data.Common;

namespace Automation.Steps.Sql;

/// <summary>A kind of database that SQL steps can use: its ADO.NET provider, and where it differs from others.</summary>
/// <param name="Name">The name by which data connections choose it (<c>Provider</c>).</param>
/// <param name="Factory">Makes connections and parameters.</param>
public sealed record SqlDialect(string Name, DbProviderFactory Factory)
{
    /// <summary>What stands before the name of a parameter in statements.</summary>
    public string ParameterPrefix { get; init; } = "@";

    /// <summary>The key of the password in a connection string.</summary>
    public string PasswordKey { get; init; } = "Password";

    /// <summary>The type of a column that is a primary key of up to 200 characters.</summary>
    public string KeyType { get; init; } = "varchar(200)";

    /// <summary>The type of a column for a text of any length.</summary>
    public string TextType { get; init; } = "text";

    /// <summary>
    /// A statement that forbids writing for the rest of its transaction; run before each query. Null: a query's transaction is
    /// only undone at its end.
    /// </summary>
    public string? ReadOnlyStatement { get; init; }

    /// <summary>A query for how many rows the connection has changed so far; null where the count that comes with each statement is right.</summary>
    public string? ChangesQuery { get; init; }

    /// <summary>Which errors go away by trying again, besides those that say so themselves (<see cref="DbException.IsTransient"/>).</summary>
    public Func<DbException, bool>? IsTransient { get; init; }

    /// <summary>Stops what runs on a connection; for providers whose statements do not heed the cancellation themselves.</summary>
    public Action<DbConnection>? Interrupt { get; init; }

    /// <summary>Completes the connection string; told whether the step writes.</summary>
    public Action<DbConnectionStringBuilder, bool>? PrepareConnection { get; init; }

    /// <summary>Completes a parameter that has its name and value.</summary>
    public Action<DbParameter>? PrepareParameter { get; init; }
}
