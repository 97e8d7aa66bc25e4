using System.Globalization;

namespace Automation.Storage.Writes;

/// <summary>What a <see cref="SqlValue"/> holds.</summary>
public enum SqlValueKind : byte
{
    /// <summary>NULL.</summary>
    Null,

    /// <summary>A 64-bit integer (SQLite INTEGER, PostgreSQL bigint).</summary>
    Integer,

    /// <summary>A double (SQLite REAL, PostgreSQL double precision).</summary>
    Real,

    /// <summary>Text.</summary>
    Text,

    /// <summary>Bytes (SQLite BLOB, PostgreSQL bytea).</summary>
    Blob,

    /// <summary>A truth value (SQLite 0 or 1, PostgreSQL boolean).</summary>
    Boolean,

    /// <summary>A point in time in a column of Hangfire's layout (SQLite .NET ticks, PostgreSQL timestamptz).</summary>
    Timestamp,
}

/// <summary>
/// One parameter or column value of a hot-path statement, without boxing. Our own tables keep times as
/// <see cref="SqlValueKind.Integer"/>, microseconds since the Unix epoch: see <see cref="Micros(DateTimeOffset)"/>.
/// </summary>
public readonly struct SqlValue
{
    private readonly long _bits;
    private readonly object? _reference;

    private SqlValue(SqlValueKind kind, long bits, object? reference)
    {
        Kind = kind;
        _bits = bits;
        _reference = reference;
    }

    /// <summary>What this value is.</summary>
    public SqlValueKind Kind { get; }

    /// <summary>NULL.</summary>
    public static SqlValue Null => default;

    /// <summary>True for NULL.</summary>
    public bool IsNull => Kind == SqlValueKind.Null;

    /// <summary>The integer; 0 for NULL. A Boolean reads as 0 or 1, a Timestamp as .NET ticks.</summary>
    public long AsInteger => Kind == SqlValueKind.Real ? (long)BitConverter.Int64BitsToDouble(_bits) : _bits;

    /// <summary>The number as a double; 0 for NULL.</summary>
    public double AsReal => Kind == SqlValueKind.Real ? BitConverter.Int64BitsToDouble(_bits) : _bits;

    /// <summary>The truth value; false for NULL.</summary>
    public bool AsBoolean => _bits != 0;

    /// <summary>The text; null for NULL.</summary>
    public string? AsText => _reference as string;

    /// <summary>The bytes; null for NULL.</summary>
    public byte[]? AsBlob => _reference as byte[];

    /// <summary>The time of a microsecond column; null for NULL.</summary>
    public DateTimeOffset? AsMicrosTime => IsNull ? null : FromMicros(_bits);

    /// <summary>The UTC time of a column of Hangfire's layout; null for NULL and for 0 ticks, which there means "none".</summary>
    public DateTime? AsTimestamp => IsNull || _bits == 0 ? null : new DateTime(_bits, DateTimeKind.Utc);

    /// <summary>An integer.</summary>
    public static implicit operator SqlValue(long value) => new(SqlValueKind.Integer, value, null);

    /// <summary>An integer, or NULL.</summary>
    public static implicit operator SqlValue(long? value) => value is { } v ? new(SqlValueKind.Integer, v, null) : default;

    /// <summary>An integer.</summary>
    public static implicit operator SqlValue(int value) => new(SqlValueKind.Integer, value, null);

    /// <summary>A double.</summary>
    public static implicit operator SqlValue(double value) => new(SqlValueKind.Real, BitConverter.DoubleToInt64Bits(value), null);

    /// <summary>A truth value.</summary>
    public static implicit operator SqlValue(bool value) => new(SqlValueKind.Boolean, value ? 1 : 0, null);

    /// <summary>Text, or NULL.</summary>
    public static implicit operator SqlValue(string? value) => value is null ? default : new(SqlValueKind.Text, 0, value);

    /// <summary>Bytes, or NULL.</summary>
    public static implicit operator SqlValue(byte[]? value) => value is null ? default : new(SqlValueKind.Blob, 0, value);

    /// <summary>A time for one of our own tables: microseconds since the Unix epoch.</summary>
    public static SqlValue Micros(DateTimeOffset time) => ToMicros(time);

    /// <summary>A time for one of our own tables, or NULL.</summary>
    public static SqlValue Micros(DateTimeOffset? time) => time is { } t ? Micros(t) : default;

    /// <summary>A time for a column of Hangfire's layout; null is NULL (pass 0 where the SQLite layout wants "none").</summary>
    public static SqlValue Timestamp(DateTime? utc) => utc is { } t ? new(SqlValueKind.Timestamp, t.Ticks, null) : default;

    /// <summary>Microseconds since the Unix epoch.</summary>
    public static long ToMicros(DateTimeOffset time) => (time.UtcTicks - DateTime.UnixEpoch.Ticks) / TimeSpan.TicksPerMicrosecond;

    /// <summary>The time that lies this many microseconds after the Unix epoch.</summary>
    public static DateTimeOffset FromMicros(long micros) => new(DateTime.UnixEpoch.Ticks + (micros * TimeSpan.TicksPerMicrosecond), TimeSpan.Zero);

    /// <inheritdoc/>
    public override string ToString() => Kind switch
    {
        SqlValueKind.Null => "NULL",
        SqlValueKind.Text => AsText!,
        SqlValueKind.Blob => $"{AsBlob!.Length} bytes",
        SqlValueKind.Real => AsReal.ToString(CultureInfo.InvariantCulture),
        SqlValueKind.Timestamp => AsTimestamp?.ToString("O", CultureInfo.InvariantCulture) ?? "none",
        _ => _bits.ToString(CultureInfo.InvariantCulture),
    };
}
