using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;

namespace SQLitePCL.Tests.DataProvider;

public sealed class SmokeTests
{
    [Fact]
    public void Values_go_in_and_out_through_commands()
    {
        using var connection = new SqliteConnection("Data Source=:memory:");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = """
            CREATE TABLE t (i INTEGER, d REAL, s TEXT, b BLOB);
            INSERT INTO t VALUES ($i, $d, $s, $b), (NULL, NULL, NULL, NULL); -- and a comment
            SELECT i, d, s, b FROM t;
            """;
        command.Parameters.AddWithValue("$i", long.MinValue);
        command.Parameters.AddWithValue("$d", -1.5e300);
        command.Parameters.AddWithValue("$s", "a\0b 🦊");
        command.Parameters.AddWithValue("$b", Array.Empty<byte>());

        using var reader = command.ExecuteReader();

        Assert.True(reader.Read());
        Assert.Equal(long.MinValue, reader.GetInt64(0));
        Assert.Equal(-1.5e300, reader.GetDouble(1));
        Assert.Equal("a\0b 🦊", reader.GetString(2));
        Assert.Empty(reader.GetFieldValue<byte[]>(3));
        Assert.True(reader.Read());
        Assert.All(Enumerable.Range(0, 4), column => Assert.True(reader.IsDBNull(column)));
        Assert.False(reader.Read());
    }

    [Fact]
    public void A_constraint_violation_names_the_constraint()
    {
        using var connection = new SqliteConnection("Data Source=:memory:");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "CREATE TABLE t (a UNIQUE); INSERT INTO t VALUES (1), (1);";

        var error = Assert.Throws<SqliteException>(() => command.ExecuteNonQuery());

        Assert.Equal(raw.SQLITE_CONSTRAINT, error.SqliteErrorCode);
        Assert.Equal(2067, error.SqliteExtendedErrorCode);
        Assert.Contains("UNIQUE constraint failed: t.a", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task EF_Core_creates_saves_and_queries()
    {
        using var connection = new SqliteConnection("Data Source=:memory:");
        connection.Open();
        var token = TestContext.Current.CancellationToken;
        using (var db = new NotesContext(connection))
        {
            await db.Database.EnsureCreatedAsync(token);
            db.Notes.AddRange(new Note { Text = "älter", Size = 1.5m }, new Note { Text = "neuer", Size = 12.25m });
            Assert.Equal(2, await db.SaveChangesAsync(token));
        }

        using (var db = new NotesContext(connection))
        {
            // Decimal sums and regular expressions run in functions that EF Core registers through the binding.
            Assert.Equal(13.75m, await db.Notes.SumAsync(n => n.Size, token));
            Assert.Equal(["älter"], await db.Notes.Where(n => n.Text.Contains("lt")).Select(n => n.Text).ToListAsync(token));
            Assert.Equal(1, await db.Notes.Where(n => n.Size > 2m).ExecuteDeleteAsync(token));
        }
    }

    private sealed class NotesContext(SqliteConnection connection) : DbContext
    {
        public DbSet<Note> Notes => Set<Note>();

        protected override void OnConfiguring(DbContextOptionsBuilder optionsBuilder) => optionsBuilder.UseSqlite(connection);
    }

    private sealed class Note
    {
        public int Id { get; set; }

        public required string Text { get; set; }

        public decimal Size { get; set; }
    }
}
