using System.ComponentModel.DataAnnotations;
using System.Data.Common;
using System.Globalization;

namespace Automation.Steps.Sql;

/// <summary>A database that steps may use by name.</summary>
public sealed class SqlConnectionOptions
{
    private static readonly string[] _poolSizes = ["Maximum Pool Size", "MaxPoolSize", "Max Pool Size"];

    /// <summary>Which kind of database it is: <c>PostgreSql</c>, <c>Sqlite</c>, or one that was added.</summary>
    public string Provider { get; set; } = "PostgreSql";

    /// <summary>Where it is; without the password.</summary>
    public string ConnectionString { get; set; } = "";

    /// <summary>Name of the stored secret that holds the password; empty where there is none.</summary>
    public string? Secret { get; set; }

    /// <summary>Whether only queries are allowed.</summary>
    public bool ReadOnly { get; set; }

    /// <summary>
    /// Steps of this server that use it at a time, each by a connection of its own; others wait their turn. Where the
    /// connection string has a smaller pool, that counts. Default 20.
    /// </summary>
    public int MaxConnections { get; set; } = 20;

    /// <summary>How many steps use it at a time.</summary>
    internal int Places
    {
        get
        {
            var parsed = new DbConnectionStringBuilder { ConnectionString = ConnectionString };
            return _poolSizes.Select(key => parsed.TryGetValue(key, out var text) && int.TryParse(text.ToString(), CultureInfo.InvariantCulture, out var size) && size > 0 ? size : MaxConnections)
                .Append(MaxConnections).Min();
        }
    }
}

/// <summary>Named data connections and limits of SQL steps; bound from <c>Automation:Steps:Sql</c>.</summary>
public sealed class SqlOptions : IValidatableObject
{
    private static readonly string[] _passwords = ["Password", "Pwd", "Psw"];

    /// <summary>The databases, by name.</summary>
    public IDictionary<string, SqlConnectionOptions> Connections { get; set; } = new Dictionary<string, SqlConnectionOptions>(StringComparer.OrdinalIgnoreCase);

    /// <summary>The folder that relative paths of SQLite files begin at. Default: the data directory.</summary>
    public string? Directory { get; set; }

    /// <summary>How long a step's statements may take together. Default 30 seconds.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "01:00:00")]
    public TimeSpan CommandTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a step waits for its turn at a connection before the attempt fails. Default 5 minutes.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00")]
    public TimeSpan MaxWait { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>Most rows that a step reads. Default 1,000.</summary>
    [Range(1, 1_000_000)]
    public int MaxRows { get; set; } = 1000;

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        foreach (var (name, connection) in Connections)
        {
            var parsed = new DbConnectionStringBuilder();
            string? why = null;
            try
            {
                parsed.ConnectionString = connection.ConnectionString;
                if (parsed.Count == 0)
                    why = "ConnectionString is missing.";
                else if (_passwords.Any(parsed.ContainsKey))
                    why = "ConnectionString has a password. Store it as a secret and name that in Secret.";
            }
            catch (ArgumentException)
            {
                why = "ConnectionString is not valid.";
            }

            if (why is null && connection.MaxConnections is < 1 or > 1000)
                why = $"MaxConnections is {connection.MaxConnections}; allowed is 1 to 1000.";

            if (why is not null)
                yield return new ValidationResult($"Automation:Steps:Sql:Connections:{name}: {why}", [nameof(Connections)]);
        }
    }
}
