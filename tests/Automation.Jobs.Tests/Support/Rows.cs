using System.Globalization;
using System.Text.Json;
using Automation.Jobs.Tests.Support;
using Automation.Storage;

namespace Automation.Jobs.Tests.Support;

/// <summary>Rows as they lie in the database, read past the code under test.</summary>
internal static class Rows
{
    /// <summary>All rows of a table of Hangfire's layout, by the name it has on SQLite; columns by lower-case name.</summary>
    public static async Task<List<Dictionary<string, object?>>> OfAsync(this JobsHost host, string table, string? where = null)
    {
        var name = host.Database.Provider == DatabaseProvider.Sqlite ? $"\"{table}\"" : "hangfire." + table.ToLowerInvariant();
        return await host.SelectAsync($"SELECT * FROM {name}{(where is null ? "" : " WHERE " + where)}");
    }

    public static async Task<List<Dictionary<string, object?>>> SelectAsync(this JobsHost host, string sql)
    {
        await using var connection = await host.Database.OpenConnectionAsync(CancellationToken.None);
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        await using var reader = await command.ExecuteReaderAsync();
        var rows = new List<Dictionary<string, object?>>();
        while (await reader.ReadAsync())
        {
            var row = new Dictionary<string, object?>();
            for (var i = 0; i < reader.FieldCount; i++)
                row[reader.GetName(i).ToLowerInvariant()] = reader.IsDBNull(i) ? null : reader.GetValue(i);
            rows.Add(row);
        }

        return rows.Count > 0 && rows[0].ContainsKey("id") && rows[0]["id"] is long or int ? [.. rows.OrderBy(r => Convert.ToInt64(r["id"], CultureInfo.InvariantCulture))] : rows;
    }

    public static async Task ExecuteAsync(this JobsHost host, string sql)
    {
        await using var connection = await host.Database.OpenConnectionAsync(CancellationToken.None);
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>A time of Hangfire's layout; null for none.</summary>
    public static DateTime? Time(this Dictionary<string, object?> row, string column) => row[column] switch
    {
        null or 0L => null,
        long ticks => new DateTime(ticks, DateTimeKind.Utc),
        DateTime time => time,
        var other => throw new InvalidOperationException($"{other} is no time."),
    };

    public static string Text(this Dictionary<string, object?> row, string column) => Convert.ToString(row[column], CultureInfo.InvariantCulture)!;

    public static long Number(this Dictionary<string, object?> row, string column) => Convert.ToInt64(row[column], CultureInfo.InvariantCulture);

    /// <summary>JSON as written on SQLite; on PostgreSQL jsonb has put the keys in its own order.</summary>
    public static void IsJson(this JobsHost host, string expected, string actual)
    {
        if (host.Database.Provider == DatabaseProvider.Sqlite)
            Assert.Equal(expected, actual);
        else
            Assert.True(JsonElement.DeepEquals(JsonDocument.Parse(expected).RootElement, JsonDocument.Parse(actual).RootElement), $"Expected {expected}, found {actual}.");
    }

    public static Dictionary<string, string> Data(this Dictionary<string, object?> row, string column = "data") =>
        JsonSerializer.Deserialize<Dictionary<string, string>>(row.Text(column))!;

    /// <summary>Both counter tables together.</summary>
    public static async Task<Dictionary<string, long>> CountersAsync(this JobsHost host)
    {
        var all = await host.OfAsync("Counter");
        all.AddRange(await host.OfAsync("AggregatedCounter"));
        return all.GroupBy(r => r.Text("key")).ToDictionary(g => g.Key, g => g.Sum(r => r.Number("value")));
    }
}
