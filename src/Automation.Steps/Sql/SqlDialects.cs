using System.Data.Common;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Options;
using Npgsql;
using NpgsqlTypes;
using SQLitePCL;

namespace Automation.Steps.Sql;

/// <summary>The kinds of database that there are: ours, those that the program registered, and every ADO.NET provider that is known by its invariant name.</summary>
internal sealed class SqlDialects : IValidateOptions<SqlOptions>
{
    // The package was compiled against a signed assembly of the handle's type, which ours is not (see the README of
    // SQLitePCLRaw.core): the compiler takes them for two types, at run time they are one.
    private static readonly Func<SqliteConnection, object> HandleOf = typeof(SqliteConnection).GetProperty("Handle")!.GetMethod!.CreateDelegate<Func<SqliteConnection, object>>();

    private readonly Dictionary<string, SqlDialect> _known = new(StringComparer.OrdinalIgnoreCase)
    {
        ["PostgreSql"] = new SqlDialect("PostgreSql", NpgsqlFactory.Instance)
        {
            KeyType = "text",
            ReadOnlyStatement = "SET TRANSACTION READ ONLY",
            PrepareParameter = parameter =>
            {
                // The server takes text as whatever stands there: a date, a number, JSON.
                if (parameter.Value is string or DBNull)
                    ((NpgsqlParameter)parameter).NpgsqlDbType = NpgsqlDbType.Unknown;
            },
        },
        ["Sqlite"] = new SqlDialect("Sqlite", SqliteFactory.Instance)
        {
            KeyType = "text",
            // Its count for one statement is that of an earlier one where it changes the schema.
            ChangesQuery = "SELECT total_changes() AS changes",
            IsTransient = e => e is SqliteException { SqliteErrorCode: 5 or 6 },
            // Its asynchronous methods work on the caller's thread, whatever becomes of their token.
            Interrupt = connection => raw.sqlite3_interrupt((sqlite3)HandleOf((SqliteConnection)connection)),
            PrepareConnection = (parts, writes) => ((SqliteConnectionStringBuilder)parts).Mode = writes ? SqliteOpenMode.ReadWriteCreate : SqliteOpenMode.ReadOnly,
        },
    };

    public SqlDialects(IEnumerable<SqlDialect> registered)
    {
        foreach (var dialect in registered)
            _known[dialect.Name] = dialect;
    }

    public SqlDialect? Find(string name) =>
        _known.TryGetValue(name, out var dialect) ? dialect : DbProviderFactories.TryGetFactory(name, out var factory) ? new SqlDialect(name, factory) : null;

    public ValidateOptionsResult Validate(string? name, SqlOptions options)
    {
        var wrong = options.Connections.Where(c => Find(c.Value.Provider) is null)
            .Select(c => $"Automation:Steps:Sql:Connections:{c.Key}: the Provider \"{c.Value.Provider}\" is not known. Known are: {string.Join(", ", _known.Keys)}; others are added by AddAutomationSqlProvider.")
            .ToList();
        return wrong.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(wrong);
    }
}
