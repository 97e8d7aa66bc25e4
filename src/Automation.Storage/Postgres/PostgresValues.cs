using Automation.Storage.Writes;
using Npgsql;
using NpgsqlTypes;

namespace Automation.Storage.Postgres;

/// <summary><see cref="SqlValue"/> to and from Npgsql.</summary>
internal static class PostgresValues
{
    public static NpgsqlParameter ToParameter(SqlValue value) => value.Kind switch
    {
        SqlValueKind.Integer => new NpgsqlParameter<long> { TypedValue = value.AsInteger, NpgsqlDbType = NpgsqlDbType.Bigint },
        SqlValueKind.Real => new NpgsqlParameter<double> { TypedValue = value.AsReal, NpgsqlDbType = NpgsqlDbType.Double },
        SqlValueKind.Text => new NpgsqlParameter<string> { TypedValue = value.AsText, NpgsqlDbType = NpgsqlDbType.Text },
        SqlValueKind.Blob => new NpgsqlParameter<byte[]> { TypedValue = value.AsBlob, NpgsqlDbType = NpgsqlDbType.Bytea },
        SqlValueKind.Boolean => new NpgsqlParameter<bool> { TypedValue = value.AsBoolean, NpgsqlDbType = NpgsqlDbType.Boolean },
        SqlValueKind.Timestamp => new NpgsqlParameter<DateTime> { TypedValue = new DateTime(value.AsInteger, DateTimeKind.Utc), NpgsqlDbType = NpgsqlDbType.TimestampTz },
        _ => new NpgsqlParameter { Value = DBNull.Value, NpgsqlDbType = NpgsqlDbType.Unknown },
    };

    public static SqlValue[] ReadRow(NpgsqlDataReader reader)
    {
        var row = new SqlValue[reader.FieldCount];
        for (var i = 0; i < row.Length; i++)
            row[i] = Read(reader, i);
        return row;
    }

    private static SqlValue Read(NpgsqlDataReader reader, int column)
    {
        if (reader.IsDBNull(column))
            return SqlValue.Null;
        return reader.GetValue(column) switch
        {
            long v => v,
            int v => v,
            short v => (long)v,
            double v => v,
            float v => (double)v,
            decimal v => (double)v,
            bool v => v,
            byte[] v => v,
            DateTime v => SqlValue.Timestamp(DateTime.SpecifyKind(v, DateTimeKind.Utc)),
            var v => v.ToString(),
        };
    }
}
